import { changedBeside, isBesideDatabase, staysBeside } from './beside-database.ts';
import type { UndoStep } from './collapse-checkpoints.ts';
import { dataOf } from './data-lineage.ts';
import { SwitchbackError } from './errors.ts';
import { applicationKey, applicationOf, completedBelow, type PhaseApplication } from './phase-applications.ts';
import type { Kept, RestoredTo, Restores } from './rollback-restores.ts';
import type { RollbackRequest } from './run-state.ts';
import { operationKey, standingOperations, type OperationRecord, type TargetState } from './target-state.ts';

/** What becomes of each operation that stands above a rollback's destination. */
export interface Choices {
  undos: UndoStep[];
  /** They cannot be taken back and never reported: before anything else it is asked whether they took effect. */
  unsure: OperationRecord[];
  kept: Kept[];
  /** What a restore takes back as well: keys by resource. */
  covered: Map<string, string[]>;
}

/** Operations of the phases that go back, and what stands yet of phases that were taken back before, newest first. */
export function operationsAbove(state: TargetState, phases: readonly PhaseApplication[]): OperationRecord[] {
  const keys = new Set(phases.map(({ run, id }) => applicationKey(run, id)));
  const floor = floorOf(state, phases);
  return standingOperations(state).filter(({ run, operation, seq, broughtBackAt = seq }) => {
    const key = applicationKey(run, operation.phase);
    return keys.has(key) || (broughtBackAt > floor && state.applications.get(key)?.state === 'rolled-back');
  });
}

/** Journal line of the last thing that belongs to what is below the phases. */
export function floorOf(state: TargetState, phases: readonly PhaseApplication[]): number {
  const oldest = Math.min(...phases.map(({ since }) => since));
  return completedBelow(state, oldest)?.completedAt ?? 0;
}

/**
 * @param standing newest first
 * @throws SwitchbackError `PointOfNoReturn` when an effect has no undo; `PreconditionFailed` when a restore takes half of one back
 */
export function choose(
  state: TargetState,
  standing: readonly OperationRecord[],
  { restored, kept: already }: Restores,
  request: RollbackRequest,
): Choices {
  const choices: Choices = { undos: [], unsure: [], kept: [...already], covered: new Map() };
  const barriers: OperationRecord[] = [];
  for (const record of standing) {
    const { undo, operation, status } = record;
    const note = (why: string, gone?: true) =>
      choices.kept.push({
        operation: operation.id,
        run: record.run,
        summary: operation.summary,
        why,
        ...(gone && { gone }),
      });
    const gone = goneWith(record, restored);
    if (gone.length > 0) {
      requireWhole(record, gone);
      const key = operationKey(record.run, operation.id);
      for (const resource of gone) choices.covered.set(resource, [...(choices.covered.get(resource) ?? []), key]);
      const stays = gone.some((resource) => isOfWholeServer(state, restored.get(resource)))
        ? []
        : changedBeside(record);
      const but = stays.length === 0 ? '' : `; ${staysBeside(stays)}`;
      note(`${gone.join(' and ')} is restored from its recovery point, which takes this back too${but}`, true);
    } else if (isBesideDatabase(operation) && undo.by !== 'operation' && request.restoreData) {
      note(staysBeside(changedBeside(record)));
    } else if (undo.by === 'operation' && undo.lossy && !request.discardData) {
      note(`taking it back would discard data (${undo.summary}); it does no harm where it is`);
    } else if (undo.by === 'operation') choices.undos.push({ record, undo });
    else if (undo.by === 'keeping')
      note(status === 'skipped' ? 'it was skipped; what an attempt of it may have done stays' : undo.summary);
    else if (undo.by === 'impossible' && isGoingBack(state, record))
      (record.receipt || status === 'by-hand' ? barriers : choices.unsure).push(record);
  }
  refuseBarrier(barriers[0]);
  return choices;
}

/** What stands yet of a phase that was taken back before has been let pass already. */
const isGoingBack = (state: TargetState, record: OperationRecord) =>
  applicationOf(state, record)?.state !== 'rolled-back';

/** Resources whose restore takes the work of an operation away. */
const goneWith = ({ run, operation, seq, lostIn = [] }: OperationRecord, restored: Restores['restored']): string[] =>
  dataOf(operation).filter((resource) => {
    const point = restored.get(resource);
    if (point === undefined || lostIn.includes(resource)) return false;
    return point.holds ? !point.holds.has(operationKey(run, operation.id)) : seq > point.since;
  });

/** A physical backup holds all of its server, roles included. */
const isOfWholeServer = (state: TargetState, point: RestoredTo | undefined): boolean =>
  [...state.operations.values()].some(
    ({ operation, seq }) =>
      seq === point?.since && operation.kind === 'backupStore' && operation.input.method === 'physical',
  );

/** A command that worked in two places cannot be taken back in one of them: its undo would run where its work is, and where it is not. */
function requireWhole({ operation, lostIn = [] }: OperationRecord, gone: readonly string[]): void {
  const left = dataOf(operation).filter((resource) => !gone.includes(resource) && !lostIn.includes(resource));
  if (left.length === 0) return;
  throw new SwitchbackError(
    'PreconditionFailed',
    `${operation.id} may have written to ${gone.join(', ')}, which is restored, and to ${left.join(', ')}, which is not`,
    {
      hint: 'Its undo would be right for one of them only. Go back without --restore-data, then restore by `backup restore`.',
    },
  );
}

function refuseBarrier(barrier: OperationRecord | undefined): void {
  if (barrier?.undo.by !== 'impossible') return;
  throw new SwitchbackError('PointOfNoReturn', `${barrier.operation.id} cannot be taken back: ${barrier.undo.cause}`, {
    hint: 'Fix forward, or restore the data with --restore-data if a recovery point of that store exists.',
  });
}

/** Stops of earlier rollbacks after which nothing has started again what they stopped. */
export function stopsInForce(state: TargetState): OperationRecord[] {
  const all = [...state.operations.values()];
  const over = ({ status }: OperationRecord) => status === 'done' || status === 'by-hand';
  return all.filter(
    (stop) =>
      stop.operation.kind === 'stopUsers' &&
      stop.status !== 'skipped' &&
      !all.some(
        (later) =>
          later.seq > stop.seq &&
          over(later) &&
          (later.operation.kind === 'applyCheckpoint' || later.operation.kind === 'startUsers'),
      ),
  );
}
