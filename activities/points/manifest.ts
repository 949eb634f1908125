import { createHash } from 'node:crypto';
import type { RepositoryRef } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { canonicalJson } from '../../runbook/json.ts';
import type { JsonObject } from '../../runbook/json.ts';

/** How good a recovery point is. It only ever gets better, or fails for good. */
export const pointStates = ['writing', 'sealed', 'verified', 'restore-tested', 'failed'] as const;
export type PointState = (typeof pointStates)[number];

/** One file of a recovery point. `file` is relative to the point's folder, with `/` between folders. */
export interface PointPart {
  file: string;
  bytes: number;
  /** SHA-256 in hexadecimal. */
  sha256: string;
}

/** What was backed up. `identity` is what makes it this one and not another of the same name. */
export interface PointSource {
  kind: string;
  /** As in effects: `volume:NAME`, `store:NAME`. */
  resource: string;
  identity: string;
}

/** A restore that was really made, and what it was compared by. */
export interface PointProof {
  at: string;
  /** How long the restore took, in milliseconds: what a restore of this point is promised to take. */
  tookMs: number;
  /** The scratch place, e.g. `scratch volume switchback-…`. */
  where: string;
  /** What was compared and found equal, one line each. */
  compared: string[];
}

/** Where the data of a point is that does not lie beside its manifest. */
export interface PointPlace {
  kind: 'restic';
  /** As the plan named it at backup time, with references instead of secrets: a later plan may name another. */
  repository: RepositoryRef;
  /** SHA-256 that names the snapshot. */
  snapshot: string;
  /** What the repository has grown by. */
  addedBytes: number;
}

/** What stands in `manifest.json`, beside the data of a recovery point. */
export interface PointManifest {
  /** 2 where it is encrypted: a version that knows nothing of that leaves the point alone, and does not take it for damaged. */
  format: 1 | 2;
  point: string;
  target: string;
  run: string;
  operation: string;
  state: PointState;
  source: PointSource;
  startedAt: string;
  /** How the source was kept still: `stop`, `pause`, `none`, or what a store says, e.g. `snapshot`. */
  quiesce: string;
  /** What wrote it, e.g. `{ name: 'postgres', version: '15.14' }`. */
  engine?: { name: string; version: string };
  /** Public keys of age that every part is encrypted to. What stands here is readable by whoever sees the folder, the canary too. */
  encrypted?: { to: string[] };
  sealedAt?: string;
  /** Absent: the parts lie beside the manifest. */
  at?: PointPlace;
  parts: PointPart[];
  /** Counts and fingerprints that were taken at backup time; a proof compares them with what came out. */
  canary: JsonObject;
  /** SHA-256 of everything that sealing fixed. A receipt names it, so that an older point in its place is found out. */
  seal?: string;
  verifiedAt?: string;
  proof?: PointProof;
  failure?: { at: string; why: string };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The digest of what sealing fixes: everything but the state, the proof and what else comes later. */
export function sealOf(manifest: PointManifest): string {
  const { state: _s, seal: _d, verifiedAt: _v, proof: _p, failure: _f, ...fixed } = manifest;
  return sha256(canonicalJson(fixed));
}

/** The text of `manifest.json`, with a checksum of its own as the last field. */
export function encodeManifest(manifest: PointManifest): string {
  return `${JSON.stringify({ ...manifest, checksum: sha256(canonicalJson(manifest)) }, null, 2)}\n`;
}

/**
 * Reads the text of a `manifest.json`.
 * @throws `IntegrityFailed` when it is torn, edited, or not what it says.
 */
export function decodeManifest(text: string, where: string): PointManifest {
  const damaged = (why: string) =>
    new SwitchbackError('IntegrityFailed', `manifest ${where} ${why}`, {
      hint: 'This recovery point cannot be trusted any more; take a new one, or use an older one.',
    });
  let parsed: PointManifest & { checksum?: unknown };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    throw damaged('is not whole');
  }
  if (parsed === null || typeof parsed !== 'object') throw damaged('is not whole');
  const { checksum, ...manifest } = parsed;
  if (checksum !== sha256(canonicalJson(manifest))) throw damaged('does not match its own checksum');
  if (![1, 2].includes(manifest.format))
    throw damaged(`has format ${String(manifest.format)}, which this version does not read`);
  if (manifest.seal !== undefined && manifest.seal !== sealOf(manifest)) throw damaged('does not match its seal');
  return manifest;
}

/** Whether a point may go from one state to another: forwards, or to `failed`; never out of `failed`. */
export function mayBecome(from: PointState, to: PointState): boolean {
  if (from === 'failed') return false;
  return to === 'failed' || pointStates.indexOf(to) >= pointStates.indexOf(from);
}

/** Whether a point has been sealed: the only ones that may be restored from. */
export const isGood = (state: PointState) => state === 'sealed' || state === 'verified' || state === 'restore-tested';

/** For messages: `recovery point run-1/before`. */
export const namedPoint = ({ run, point }: Pick<PointManifest, 'run' | 'point'>) => `recovery point ${run}/${point}`;
