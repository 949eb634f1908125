import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

export interface BackupVolumeInput {
  volume: string;
  point: string;
  quiesce: 'stop' | 'pause' | 'none';
}

declare module './operation.ts' {
  interface OperationInputs {
    backupVolume: BackupVolumeInput;
  }
}

export const backupVolume = defineOperation({
  kind: 'backupVolume',
  version: 1,
  ...touchesNoData,
  changes: 'beside',
  stopsServices: 'while-it-works',
  backsUp: ({ volume }) => `volume:${volume}`,
  byHand: noWayBack,
});
