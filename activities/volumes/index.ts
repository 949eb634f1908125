export { archiveVolume, type Archive } from './archive-volume.ts';
export { extractArchive } from './extract-archive.ts';
export { endExchange, exchangeVolumes, requireExchangeable } from './exchange-volumes.ts';
export { ensureHelperImage, helperImage, requireTools, type HelperImage } from './helper-image.ts';
export { extractPoint } from './extract-point.ts';
export { findClusters, type DataPlace } from './find-clusters.ts';
export { helperJob, ownLabels, type HelperOwner } from './helper-job.ts';
export { isInMemory } from './in-memory.ts';
export { entriesOf, listEntries, mostEntries } from './list-entries.ts';
export { listVolume } from './list-volume.ts';
export { pathUsers } from './path-users.ts';
export { answerOf, readAll, runVolumeHelper, writeAll, type HelperJob } from './run-volume-helper.ts';
export { ensureOwnVolume, removeOwnVolume } from './scratch-volume.ts';
export { relay } from './stream-scripts.ts';
export { surveyVolume, type VolumeSurvey } from './survey-volume.ts';
export { canaryOf, needOf, sizeOf, snapshotCanaryOf } from './volume-point.ts';
export { unpack } from './unpack-script.ts';
export { volumeProver } from './volume-prover.ts';
export {
  archiveNeed,
  freeBytes,
  readIdentity,
  requireRoom,
  restoreNeed,
  roomOfVolume,
  type VolumeRoom,
} from './volume-room.ts';
export {
  areAwake,
  asUser,
  everyone,
  isUp,
  quieten,
  refuseForeignUsers,
  mergeUsers,
  quietIn,
  quietSince,
  volumeUsers,
  wake,
  type Quiet,
  type Quietened,
  type VolumeUser,
} from './volume-users.ts';
export { whileQuiet } from './while-quiet.ts';
