import type { Check } from './checks.ts';
import type { Operation, Stage } from './operations/operation.ts';
import type { ClusterRef } from './platforms/kubernetes.ts';
import type { RehearsalOptions } from './rehearsal.ts';
import type { StoreRef } from './stores/store-kind.ts';

/** Where a stack lives. Paths of files are relative to `directory`, which is absolute on the home host. */
export interface StackRef {
  directory: string;
  project: string;
  /** The active Compose and env files, which checkpoints replace. */
  compose: string;
  env?: string;
  /** Compose profiles that are on; none when absent. */
  profiles?: string[];
  switchBy: 'copy' | 'symlink';
  host: string;
  /** Only on the clone of a stack that a rehearsal works on: whose clone it is. */
  cloneOf?: { project: string; directory: string };
}

/** Where recovery points go. Without one, into the target's home. */
export interface RepositoryRef {
  kind: 'restic';
  /** A folder of the host (absolute), or `s3:URL`. */
  at: string;
  /** Secret reference. */
  password: string;
  /** What the client of an S3 server reads, with secret references. */
  environment?: Record<string, string>;
}

/** Keys of age. `to`: public ones; empty where only older points are encrypted. `identity`: secret reference to a private one. */
export interface EncryptionRef {
  to: string[];
  identity?: string;
}

/** A service with an image that may write to what is protected: that of the baseline, and `image` where it is named. */
export interface ProtectedWriter {
  service: string;
  image?: string;
  images?: 'any';
}

/** Who may write to protected bytes. */
export interface Writing {
  /** Absent: the services that mount it writable in the baseline. */
  writers?: ProtectedWriter[];
  /** What becomes of others that would mount it writable; absent, they are refused. */
  others?: 'refuse' | 'read-only';
}

export type ProtectedResource =
  | ({ volume: string } & Writing)
  | { store: string; tables: string[]; allow: 'nothing' | 'expand' }
  | ({ path: string } & Writing)
  | { network: string };

export interface CheckpointRef {
  name: string;
  compose: string;
  env?: string;
}

export interface Approval {
  role: string;
  /** How long the run waits before it says again that somebody is needed, in seconds. */
  remindSeconds: number;
}

export interface CompiledStage {
  stage: Stage;
  operations: Operation[];
  /** People who must say yes before the next stage. */
  approvals: Approval[];
  /** The way back from the phase is rehearsed on a clone before the next stage. */
  rehearsal?: RehearsalOptions;
}

export interface CompiledPhase {
  id: string;
  ordinal: number;
  title: string;
  risk: 'none' | 'low' | 'medium' | 'high';
  optional: boolean;
  needs: string[];
  owner?: string;
  acceptance: string[];
  /** How long people expect the phase to take, in seconds. */
  estimateSeconds?: number;
  checkpoint?: CheckpointRef;
  /** What the plan says about rehearsals of its way back, whoever asks for one. */
  rehearsal?: RehearsalOptions;
  stages: CompiledStage[];
  /** What happens when a stage after `apply` fails by itself: the run waits for a person, or goes back at once. */
  onFailure: 'park' | 'rollback';
  /** Checks that prove the phase's checkpoint, run again after a rollback to it. */
  verify: Check[];
}

/** Seconds that each part of a recovery may take. */
export interface Objectives {
  detection: number;
  decision: number;
  execution: number;
  verification: number;
}

/** A plan as data that a workflow can interpret: no file contents, no secrets. */
export interface CompiledPlan {
  format: 1;
  name: string;
  title: string;
  target: string;
  homeHost: string;
  stack: StackRef;
  stores: Record<string, StoreRef>;
  /** Absent: none. */
  clusters?: Record<string, ClusterRef>;
  protect: ProtectedResource[];
  /** Absent: the plain folder. */
  repository?: RepositoryRef;
  /** How recovery points in the plain folder are encrypted. Absent: they are not. */
  encrypt?: EncryptionRef;
  baseline: CheckpointRef & { services?: number; tag?: string; verify: Check[] };
  objectives: Objectives;
  contacts: { role: string; name: string; contact: string }[];
  /** Every file that the plan names, relative to the stack: sealed when the run starts. */
  files: string[];
  /** How long a restore-tested recovery point opens a gate, in seconds. */
  proofAgeSeconds: number;
  before: Operation[];
  phases: CompiledPhase[];
  /** SHA-256 of the text of the plan and the contents of the files it names, those of env files by a slow hash. Approvals bind to it. */
  digest: string;
}
