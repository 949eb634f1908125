import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/**
 * From version 2 on, `together` names the later operations whose volumes are archived in the same quiet window: their users are stopped once,
 * and come back once. What of them fails is left to the operation itself.
 */
export interface BackupVolumeInput {
  volume: string;
  point: string;
  quiesce: 'stop' | 'pause' | 'none';
  together?: TogetherWith[];
}

export interface TogetherWith {
  operation: string;
  volume: string;
  point: string;
  quiesce: 'stop' | 'pause';
}

/** Gives the first backup that makes somebody quiet all later ones of its stage that do, too. */
export function inOneWindow<
  T extends { id: string; kind: string; input: unknown; effects: readonly { resource: string; change: string }[] },
>(operations: readonly T[]): T[] {
  const quiet = operations.filter(
    ({ kind, input }) => kind === 'backupVolume' && (input as BackupVolumeInput).quiesce !== 'none',
  );
  const [first, ...rest] = quiet;
  if (first === undefined || rest.length === 0) return [...operations];
  const together = rest.map(({ id, input }) => {
    const { volume, point, quiesce } = input as TogetherWith;
    return { operation: id, volume, point, quiesce };
  });
  const stops = rest.flatMap(({ effects }) => effects.filter(({ change }) => change === 'stop'));
  const effects = [...first.effects];
  for (const stop of stops) if (!effects.some(({ resource }) => resource === stop.resource)) effects.push(stop);
  return operations.map((each) =>
    each === first ? { ...each, input: { ...(each.input as BackupVolumeInput), together }, effects } : each,
  );
}

declare module './operation.ts' {
  interface OperationInputs {
    backupVolume: BackupVolumeInput;
  }
}

export const backupVolume = defineOperation({
  kind: 'backupVolume',
  // 2: `together`. What 1 says means the same.
  version: 2,
  ...touchesNoData,
  changes: 'beside',
  stopsServices: 'while-it-works',
  backsUp: ({ volume }) => `volume:${volume}`,
  byHand: noWayBack,
});
