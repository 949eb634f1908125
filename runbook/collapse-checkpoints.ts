import type { OperationKind, Undo } from './operations.ts';
import type { OperationRecord } from './target-state.ts';

export interface UndoStep {
  record: OperationRecord;
  undo: Extract<Undo, { by: 'operation' }>;
}

/** A checkpoint that is gone back to takes these back as well, however they are ordered with it. */
const coveredByCheckpoint: readonly OperationKind[] = ['applyCheckpoint', 'switchImage'];
/** What these do is the same whichever checkpoint is active. */
const indifferent: readonly OperationKind[] = ['removeTag', 'putFilesBack'];

/**
 * Checkpoints with nothing between them that needs their services are taken back in one go: only the last of them, which is the oldest
 * state, is applied. Their stacks would otherwise be started one after the other only to be replaced; and after a restore of data
 * they would meet data older than they are.
 * @param undos newest first
 */
export function collapseCheckpoints(undos: readonly UndoStep[]): (UndoStep & { alsoUndone: OperationRecord[] })[] {
  const steps: (UndoStep & { alsoUndone: OperationRecord[] })[] = [];
  for (const step of undos) {
    const alsoUndone = step.undo.kind === 'applyCheckpoint' ? takeCovered(steps) : [];
    steps.push({ ...step, alsoUndone });
  }
  return steps;
}

/** Takes out of `steps` what an older checkpoint, appended now, takes back as well. */
function takeCovered(steps: (UndoStep & { alsoUndone: OperationRecord[] })[]): OperationRecord[] {
  const covered: OperationRecord[] = [];
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index]!;
    if (coveredByCheckpoint.includes(step.undo.kind)) {
      covered.unshift(...step.alsoUndone, step.record);
      steps.splice(index, 1);
    } else if (!indifferent.includes(step.undo.kind)) break;
  }
  return covered;
}
