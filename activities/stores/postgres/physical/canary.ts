import { SwitchbackError } from '../../../../runbook/errors.ts';
import type { JsonObject } from '../../../../runbook/json.ts';
import type { PointManifest } from '../../../points/index.ts';

/** `source.kind` of points that hold a whole server by its files. */
export const pointKind = 'postgres-physical';

/** Folder of the backup inside a recovery point. */
export const serverFolder = 'server';

export type Packing = 'zstd' | 'gzip' | 'none';

/** What was known of a server when it was backed up. Rows cannot be counted as of the very moment that a physical backup is of. */
export type PhysicalCanary = {
  format: 1;
  /** By the server's clock, before the backup began: whatever was acknowledged by then is in it. */
  takenAt: string;
  /** By the server's clock, after it had ended: what was acknowledged later is not in it. */
  endedAt: string;
  /** System identifier of the cluster. */
  system: string;
  timeline: number;
  /** Where the log that the backup needs begins and ends. */
  startLsn: string;
  stopLsn: string;
  major: number;
  /** The store's own database, and its oid. */
  database: string;
  oid: string;
  /** All databases that take connections, sorted. */
  databases: string[];
  /** Name of the role that `initdb` made: it exists and may do everything. */
  superuser: string;
  /** `shared_preload_libraries`: without them, some logs cannot be recovered. */
  preload: string;
  /** Path of the data directory in the server's container. */
  dataDirectory: string;
  /** Id of the image that the server ran from. */
  image: string;
  packing: Packing;
  /** As `backup_manifest` says, without the log. */
  files: number;
  bytes: number;
  /** Bytes of the log, unpacked, at most. */
  logBytes: number;
  /** Where a receiver follows the log of the server from before the backup on. */
  wal?: { segmentBytes: number };
};

export const canaryJson = (canary: PhysicalCanary): JsonObject => canary;

/** @throws `PreconditionFailed` for a point of another kind, or of a newer format */
export function readPhysicalCanary({ canary, point, source }: PointManifest): PhysicalCanary {
  if (source.kind === pointKind && canary['format'] === 1) return canary as PhysicalCanary;
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${point} (${source.kind}) is no physical backup that this version reads`,
    { hint: 'Use the version of Switchback that took it, or a newer one.' },
  );
}

/**
 * Room that the server's data takes once it is extracted, with what recovery adds. A log that is gone through fetches one segment after the
 * other, and removes them again; the data grows by no more than it holds, and seldom by more than there was.
 */
export const extractedBytes = ({ bytes, files, logBytes }: PhysicalCanary, wal = 0) =>
  bytes + files * 2048 + logBytes + 128 * 1024 * 1024 + Math.min(2 * wal, bytes + 1024 * 1024 * 1024);
