export { cutWal } from './cut-wal.ts';
export { endWal, endOlderWals, endWalAt, endWalsOfVolume, orphanedWals, receiversOf, removeWal } from './end-wal.ts';
export { keepReceiver, keepReceivers } from './keep-receivers.ts';
export { describeWal, isFollowed, readWal } from './read-wal.ts';
export type { WalSpan } from './read-wal.ts';
export { receiverLabels, receiverRole, startReceiver } from './receiver.ts';
export { receiverScript } from './receiver-script.ts';
export { beginOf, lsnOf, segmentAt } from './segments.ts';
export { walFile, walFolder } from './wal-folder.ts';
