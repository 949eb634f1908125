import { definitionOf, type Undo } from './operations/index.ts';
import type { OperationRecord } from './target-state.ts';

export interface UndoStep {
  record: OperationRecord;
  undo: Extract<Undo, { by: 'operation' }>;
}

/** An undo with what it takes back beside its own. */
export interface CollapsedStep extends UndoStep {
  alsoUndone: OperationRecord[];
  /** A checkpoint that is applied once more after it: its services have read the files that this one takes back. */
  again?: CollapsedStep;
}

/** Whether two operations work on the same stack: the same folder, project and active files. */
export type SameStack = (one: OperationRecord, other: OperationRecord) => boolean;

/**
 * Checkpoints with nothing between them that needs their services are taken back in one go: only the last of them, which is the oldest
 * state, is applied; and so are images of one service. Their stacks would otherwise be started one after the other only to be replaced;
 * and after a restore of data they would meet data older than they are. Files are put back before the services that read them start.
 * @param undos newest first
 */
export function collapseCheckpoints(undos: readonly UndoStep[], sameStack: SameStack = () => true): CollapsedStep[] {
  const steps: CollapsedStep[] = [];
  for (const step of undos) {
    const alsoUndone = takeCovered(steps, step, sameStack);
    const collapsed = { ...step, alsoUndone };
    if (putsFilesBack(step)) steps.splice(beforeServices(steps), 0, collapsed);
    else steps.push(collapsed);
  }
  return readByAll(steps);
}

const partOf = ({ undo }: UndoStep) => definitionOf(undo.kind).inRollback;
const bringsStack = (step: UndoStep) => partOf(step) === 'stack';
const startsServices = (step: UndoStep) => bringsStack(step) || partOf(step) === 'service';
const putsFilesBack = (step: UndoStep) => partOf(step) === 'files';
/** What these do is the same whichever checkpoint is active. */
const isIndifferent = (step: UndoStep) => putsFilesBack(step) || partOf(step) === 'anywhere';

/**
 * Files that are put back after services were started, since a command between them may need the newer ones: after a checkpoint that can be
 * applied once more it is; otherwise the command does without them, which is better than services that keep them.
 */
function readByAll(steps: readonly CollapsedStep[]): CollapsedStep[] {
  const last = steps.findLastIndex(startsServices);
  const files = steps.findLastIndex(putsFilesBack);
  const late = steps.filter((step, index) => putsFilesBack(step) && steps.slice(0, index).some(startsServices));
  if (late.length === 0) return [...steps];
  if (files > last && last >= 0 && bringsStack(steps[last]!))
    return steps.map((step, index) => (index === files ? { ...step, again: steps[last]! } : step));
  const first = steps.findIndex(startsServices);
  return [...steps.slice(0, first), ...late, ...steps.slice(first).filter((step) => !late.includes(step))];
}

/** Takes out of `steps` what an older state, appended now, takes back as well. */
function takeCovered(steps: CollapsedStep[], next: UndoStep, sameStack: SameStack): OperationRecord[] {
  const covered: OperationRecord[] = [];
  if (!startsServices(next)) return covered;
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index]!;
    if (covers(next, step) && sameStack(next.record, step.record)) {
      covered.unshift(...step.alsoUndone, step.record);
      steps.splice(index, 1);
    } else if (!isIndifferent(step)) break;
  }
  return covered;
}

const covers = (next: UndoStep, step: UndoStep) =>
  bringsStack(next) ? startsServices(step) : partOf(step) === 'service' && serviceOf(step) === serviceOf(next);

const serviceOf = ({ undo }: UndoStep) => (undo.input as { service?: string }).service;

/** Where files have to be put back so that the services that are about to start read them. */
function beforeServices(steps: readonly CollapsedStep[]): number {
  let place = steps.length;
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index]!;
    if (startsServices(step)) place = index;
    else if (!isIndifferent(step)) break;
  }
  return place;
}
