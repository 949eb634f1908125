import type { JsonObject } from '../../runbook/json.ts';

/** What stands in a recovery point's manifest about its source. */
export interface SnapshotSource {
  /** Kind of the source, for whoever restores or proves the point. */
  kind: string;
  identity: string;
  /** Identity of the store itself, where what is backed up is more than it. */
  store?: string;
  quiesce: string;
  engine: { name: string; version: string };
}

/** What was written into a folder, and what was in it. */
export interface Snapshot {
  /** Counts and fingerprints taken at the very same moment, against which a restore is compared. */
  canary: JsonObject;
}
