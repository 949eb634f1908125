import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import { namedPoint, type PointPlace, type StoredPoint } from '../points/index.ts';
import { listingWay, type TakenSnapshot } from '../restic/index.ts';
import type { Archive } from './archive-volume.ts';
import type { ArchiveToExtract } from './extract-archive.ts';
import type { StreamHash } from './stream-scripts.ts';
import type { VolumeSurvey } from './survey-volume.ts';
import { archiveNeed, restoreNeed } from './volume-room.ts';

/** What a volume's recovery point remembers of the volume, whichever way its content was taken. */
export type VolumeSize = {
  files: number;
  folders: number;
  others: number;
  /** What it took on disk: the room that a restore needs. */
  diskBytes: number;
  plainBytes: number;
};

/** What the point of an archive remembers, so that its proof and its restore know what must come out. */
export type VolumeCanary = VolumeSize & {
  packing: 'zstd' | 'none';
  /** Hash of the tar stream, and what it was made with. */
  plainHash: string;
  hashedWith: StreamHash;
  /** How the tree was read for the fingerprint. */
  treeWay: number;
  changedWhileRead: boolean;
};

/** The canary of a manifest, from what was measured before and while the archive was written. */
export function canaryOf(survey: VolumeSurvey, archive: Archive): JsonObject {
  const { files, folders, others, diskBytes } = survey;
  const { packing, plainBytes, plainHash, hashedWith, treeWay, changedWhileRead } = archive;
  const canary: VolumeCanary = {
    ...{ files, folders, others, diskBytes, plainBytes },
    ...{ packing, plainHash, hashedWith, treeWay, changedWhileRead },
  };
  return { ...canary };
}

/** The same of a snapshot: restic compares contents by their hashes, and this what it restores beside them. */
export type SnapshotCanary = VolumeSize & {
  /** Digest of the metadata of all entries; see `listing`. */
  metadata: string;
  listingWay: number;
  changedWhileRead: boolean;
};

export function snapshotCanaryOf(survey: VolumeSurvey, snapshot: TakenSnapshot): JsonObject {
  const { files, folders, others, diskBytes } = survey;
  const { plainBytes, metadata, changedWhileRead } = snapshot;
  const canary: SnapshotCanary = {
    ...{ files, folders, others, diskBytes, plainBytes },
    ...{ metadata, listingWay, changedWhileRead },
  };
  return { ...canary };
}

/** How large the volume was. @throws `PreconditionFailed` when the point is not one of a volume. */
export function sizeOf(point: StoredPoint): VolumeSize {
  if (point.manifest.at === undefined) return archiveOf(point);
  requireVolume(point);
  return point.manifest.canary as VolumeSize;
}

/** Room for what comes out of a point. A snapshot holds no more than restic has read: nobody without the password has written it. */
export const needOf = (point: StoredPoint) =>
  point.manifest.at === undefined ? restoreNeed(archiveOf(point)) : archiveNeed(sizeOf(point));

/** What a manifest says about a volume's snapshot. @throws `PreconditionFailed` when the point is not one of a volume. */
export function snapshotOf(point: StoredPoint, at: PointPlace): PointPlace & SnapshotCanary {
  requireVolume(point);
  return { ...(point.manifest.canary as SnapshotCanary), ...at };
}

function requireVolume({ manifest: { source, point } }: StoredPoint): void {
  if (source.kind === 'volume') return;
  throw new SwitchbackError('PreconditionFailed', `recovery point ${point} is of ${source.resource}, not of a volume`);
}

/** What a manifest says about a volume's archive. @throws `PreconditionFailed` when the point is not one of a volume. */
export function archiveOf(point: StoredPoint): ArchiveToExtract & VolumeCanary {
  const { parts, canary, encrypted } = point.manifest;
  requireVolume(point);
  const part = parts[0];
  if (part === undefined) throw new SwitchbackError('IntegrityFailed', `${point.manifest.point} names no archive`);
  // Older points have a SHA-256; the oldest do not say how they were read.
  const { plainSha256, ...known } = canary as VolumeCanary & { plainSha256?: string };
  return {
    ...known,
    ...(plainSha256 !== undefined && { plainHash: plainSha256, hashedWith: 'sha256' }),
    treeWay: known.treeWay ?? 1,
    file: part.file,
    folder: point.folder,
    ...(encrypted && { encrypted: { what: namedPoint(point.manifest), to: encrypted.to } }),
  };
}
