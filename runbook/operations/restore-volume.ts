import { volumeByHand } from '../break-glass/restore-by-hand.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

/** `into` names another volume to restore into. `putBack` names the volume in which an earlier restore kept what it replaced. */
export interface RestoreVolumeInput {
  volume: string;
  point: string;
  into?: string;
  putBack?: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    restoreVolume: RestoreVolumeInput;
  }
}

export const restoreVolume = defineOperation({
  kind: 'restoreVolume',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  bringsBack: true,
  stopsServices: 'while-it-works',
  restores: ({ volume, into = volume }) => (into === volume ? `volume:${volume}` : undefined),
  byHand: ({ id, summary, input: { volume, point, into = volume } }, script) =>
    volumeByHand({ id, summary, volume: into, point }, script),
});
