import type { ComposeFacts } from './compose-facts.ts';
import type { ObjectName } from '../platforms/kubernetes.ts';
import type { PlanPath } from './finding.ts';

/** What a file is read for. */
export type FileUse = 'compose' | 'env' | 'sql' | 'manifests';

/** A file that a plan names, and where it names it. */
export interface NamedFile {
  /** Relative to the stack's directory, tidy. */
  path: string;
  use: FileUse;
  named: PlanPath;
}

/** A mistake in a file that the plan names. Offsets in characters. */
export interface FileProblem {
  message: string;
  hint?: string;
  start: number;
  end: number;
  severity: 'error' | 'warning';
}

/** An object of a manifest, and where it is named. Offsets in characters. */
export interface ManifestObject extends ObjectName {
  namespace?: string;
  start: number;
  end: number;
}

export type PlanFile =
  | { found: 'missing' | 'directory' | 'outside' | 'unreadable' | 'too-large' | 'not-text'; detail: string }
  | { found: 'sql'; text: string; sha256: string }
  | { found: 'compose'; facts: ComposeFacts | undefined; problems: FileProblem[]; sha256: string }
  | { found: 'manifests'; objects: ManifestObject[]; problems: FileProblem[]; sha256: string }
  /** Names, and port numbers for addresses of checks: other contents of env files never leave the home host. */
  | { found: 'env'; names: string[]; ports: Record<string, number>; problems: FileProblem[] };

/** The files of a plan in memory: read by the client from disk, or by the worker from what was sealed. */
export interface PlanFiles {
  /** Absolute path of the stack on the home host. */
  directory: string;
  /** SHA-256 of the plan's text and the non-secret files. */
  digest: string;
  /** By tidy path and use. */
  get(path: string, use: FileUse): PlanFile | undefined;
}
