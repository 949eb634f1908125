export { applied, type Applied } from './applied.ts';
export { readActive, refTo, writeActive, type ActiveFile } from './active-file.ts';
export { boundContents, noteContents, servicesWithChangedContent } from './bound-content.ts';
export { bringUp, type BringUpOptions, type BroughtUp } from './bring-up.ts';
export { readContent, type CheckpointContents, type Content } from './contents.ts';
export { bindActive, checkDrift, requireNoDrift } from './drift.ts';
export { fileSwitch, noteSwitched, standingOf, switchFiles, type FileSwitch } from './file-switch.ts';
export { keepImages, keptImage } from './keep-images.ts';
export { keepLayers, layerName, layerOf, withLayers } from './keep-layers.ts';
export { loadCheckpoint, type CheckpointDependencies, type LoadedCheckpoint } from './load-checkpoint.ts';
export { noteApplied } from './note-applied.ts';
export { areSame, noteOwnContainers, ownContainers } from './own-containers.ts';
export {
  loadActive,
  previewCheckpoint,
  previewLoaded,
  readActiveStack,
  readContents,
  unseenByCompose,
  type ActiveStack,
  type Preview,
  type PreviewContext,
} from './preview.ts';
export { runningOtherwise } from './running-otherwise.ts';
export { noteSetAside, setAside } from './set-aside.ts';
export { setImage } from './set-image.ts';
export { reviveKept, runs, settleOrphans, startAgain, type SettledOrphans } from './settle-orphans.ts';
export { isAsDefined, standsAt } from './stands-at.ts';
export { requireAlone, requireImage } from './switched-image.ts';
export { untilIdle } from './until-idle.ts';
export { wayBack } from './way-back.ts';
export { otherContents } from './contents-then.ts';
