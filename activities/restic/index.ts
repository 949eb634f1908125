export { ensureResticImage, resticImage } from './restic-image.ts';
export { listingWay } from './restic-scripts.ts';
export { reachOf, type ReachContext } from './reach-of.ts';
export type { Reach } from './secret-files.ts';
export {
  checkRepository,
  forgetSnapshots,
  listSnapshots,
  readSnapshot,
  restoreSnapshot,
  tagOf,
  takeSnapshotOf,
  type ListedSnapshot,
  type SnapshotOwner,
  type TakenSnapshot,
} from './snapshots.ts';
export { verifyInRepositories } from './verify-in-repositories.ts';
