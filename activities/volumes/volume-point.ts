import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import type { StoredPoint } from '../points/index.ts';
import type { Archive, ArchiveToExtract } from './archive-volume.ts';
import type { VolumeSurvey } from './survey-volume.ts';

/** What a volume's recovery point remembers of the volume, so that its proof and its restore know what must come out. */
export interface VolumeCanary {
  files: number;
  folders: number;
  others: number;
  /** What it took on disk: the room that a restore needs. */
  diskBytes: number;
  packing: 'zstd' | 'none';
  plainBytes: number;
  plainSha256: string;
  /** How the tree was read for the fingerprint; absent where it was way 1. */
  treeWay?: number;
  changedWhileRead: boolean;
}

/** The canary of a manifest, from what was measured before and while the archive was written. */
export function canaryOf(survey: VolumeSurvey, archive: Archive): JsonObject {
  const { files, folders, others, diskBytes } = survey;
  const { packing, plainBytes, plainSha256, treeWay, changedWhileRead } = archive;
  const canary: VolumeCanary = {
    files,
    folders,
    others,
    diskBytes,
    packing,
    plainBytes,
    plainSha256,
    treeWay,
    changedWhileRead,
  };
  return { ...canary };
}

/** What a manifest says about a volume's archive. @throws `PreconditionFailed` when the point is not one of a volume. */
export function archiveOf(point: StoredPoint): ArchiveToExtract & VolumeCanary {
  const { source, parts, canary } = point.manifest;
  const part = parts[0];
  if (source.kind !== 'volume' || part === undefined) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `recovery point ${point.manifest.point} is of ${source.resource}, not of a volume`,
    );
  }
  const known = canary as unknown as VolumeCanary;
  return { ...known, treeWay: known.treeWay ?? 1, file: part.file, folder: point.folder };
}
