export { lookAtAll, refuseUnlessAllHold, type Looked } from './look-at-all.ts';
export type { CheckpointFiles, CheckpointSight, Surroundings } from './look.ts';
