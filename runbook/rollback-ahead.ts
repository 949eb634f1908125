import type { Operation, OperationKind } from './operations.ts';

/** They are prepared from what is there now, whatever the rollback does before them. */
const independent: readonly OperationKind[] = ['restoreStore', 'restoreVolume', 'putFilesBack'];
const changesStack: readonly OperationKind[] = ['applyCheckpoint', 'switchImage'];

/**
 * What a dry run asks the world about: each operation that can be asked as it will be asked. A stack that an earlier one changes cannot be
 * asked yet, so only the first change of it is; the rest is `later`, and said.
 */
export function askedAhead(operations: readonly Operation[]): { now: Operation[]; later: Operation[] } {
  const first = operations.find(({ kind }) => changesStack.includes(kind));
  return {
    now: operations.filter((one) => one === first || independent.includes(one.kind)),
    later: operations.filter((one) => one !== first && changesStack.includes(one.kind)),
  };
}
