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
  changedWhileRead: boolean;
}

/** The canary of a manifest, from what was measured before and while the archive was written. */
export function canaryOf(survey: VolumeSurvey, archive: Archive): JsonObject {
  const { files, folders, others, diskBytes } = survey;
  const { packing, plainBytes, plainSha256, changedWhileRead } = archive;
  const canary: VolumeCanary = {
    files,
    folders,
    others,
    diskBytes,
    packing,
    plainBytes,
    plainSha256,
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
  return { ...(canary as unknown as VolumeCanary), file: part.file, folder: point.folder };
}
