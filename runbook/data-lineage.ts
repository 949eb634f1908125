import type { OperationRecord } from './operation-record.ts';
import { definitionOf, type Operation } from './operations/index.ts';
import { isOfServer, storesBeside } from './same-server.ts';
import type { TargetState } from './target.ts';

export type { PointContents } from './target.ts';

/** Stores and volumes that an operation writes to, as far as the plan knows. */
export const dataOf = (operation: Operation): string[] => definitionOf(operation.kind).writesTo(operation);

/** The resource that a backup is of, or that a restore replaces in its own place. */
export const resourceOf = ({ kind, input }: Operation): string | undefined =>
  definitionOf(kind).backsUp(input) ?? definitionOf(kind).restores(input);

/** Whether the work of an operation is in the data now, or may be. */
export const mayStand = ({ operation, status, attempt }: OperationRecord): boolean =>
  operation.stage !== 'rollback' &&
  operation.undoes === undefined &&
  (status === 'skipped' ? attempt > 0 : status !== 'undone' && status !== 'undo-skipped');

/**
 * Notes what a recovery point holds that is being taken, or was: nothing else works on the target meanwhile. The receipt names the point that
 * was really written; without one it is called as the operation says.
 */
export function noteContents(state: TargetState, { run, operation, receipt }: OperationRecord): void {
  if (operation.kind !== 'backupStore' && operation.kind !== 'backupVolume') return;
  const resource = resourceOf(operation);
  const written = receipt?.facts['point'];
  const point = typeof written === 'string' ? written : `${run}/${operation.input.point}`;
  if (resource === undefined) return;
  const beside = isOfServer(operation) ? { beside: workBeside(state, resource) } : {};
  state.points.set(point, { resource, operations: new Set(workIn(state, resource)), ...beside });
}

/** In which server another store is may be found out later, so that all of them are noted. */
function workBeside(state: TargetState, resource: string): Set<string> {
  const stores = [...state.operations.values()].flatMap(({ operation }) => dataOf(operation));
  const others = new Set(stores.filter((name) => name.startsWith('store:') && name !== resource));
  return new Set([...others].flatMap((name) => workIn(state, name)));
}

/** Keys of the operations whose work is in a resource now. */
const workIn = (state: TargetState, resource: string) =>
  [...state.operations].flatMap(([key, known]) =>
    mayStand(known) && dataOf(known.operation).includes(resource) && !known.lostIn?.includes(resource) ? [key] : [],
  );

/**
 * A restore in place has made a resource hold what it held when its point was taken, whoever asked for it: what was done since is not in the
 * data any more, and what was in it and was taken back since is in it again.
 */
export function noteRestored(state: TargetState, { operation }: OperationRecord, line: number): void {
  const resource = resourceOf(operation);
  if (resource === undefined || (operation.kind !== 'restoreStore' && operation.kind !== 'restoreVolume')) return;
  // A whole server goes back, or is put back, with all stores that are in it.
  const others = ofServer(state, operation) ? storesBeside(state, resource) : [];
  for (const each of [resource, ...others]) noteHolds(state, each, contentsAfter(state, operation, each), line);
}

const ofServer = ({ points }: TargetState, { kind, input }: Operation): boolean =>
  kind === 'restoreStore' && (input.putBack !== undefined || points.get(input.point)?.beside !== undefined);

function noteHolds(
  state: TargetState,
  resource: string,
  contents: ReadonlySet<string> | undefined,
  line: number,
): void {
  const before = new Set(workIn(state, resource));
  state.replaced.set(resource, { resource, operations: before });
  if (contents === undefined) return;
  for (const [key, known] of state.operations) {
    if (known.seq > line || !dataOf(known.operation).includes(resource)) continue;
    if (contents.has(key)) bringBack(known, resource, line);
    else if (before.has(key)) lose(known, resource);
  }
}

/** @returns undefined where nobody can tell: the point is not in the journal, or its log was followed to a moment */
function contentsAfter(
  state: TargetState,
  { kind, input }: Extract<Operation, { kind: 'restoreStore' | 'restoreVolume' }>,
  resource: string,
): ReadonlySet<string> | undefined {
  const putsBack = kind === 'restoreStore' ? (input.replaced ?? input.putBack) : input.putBack;
  if (putsBack !== undefined) return state.replaced.get(resource)?.operations;
  if (kind === 'restoreStore') {
    // Another store's data has nothing of what was done to this one.
    if (input.from !== undefined && input.from !== input.store) return new Set();
    if (input.at !== undefined) return undefined;
  }
  const known = state.points.get(input.point);
  return known?.resource === resource ? known.operations : known?.beside;
}

function lose(known: OperationRecord, resource: string): void {
  known.lostIn = [...(known.lostIn ?? []), resource];
  if (!dataOf(known.operation).every((each) => known.lostIn?.includes(each))) return;
  known.stoodAs = known.status;
  known.status = 'undone';
}

function bringBack(known: OperationRecord, resource: string, line: number): void {
  known.lostIn = (known.lostIn ?? []).filter((each) => each !== resource);
  if (known.lostIn.length === 0) delete known.lostIn;
  if (known.status !== 'undone') return;
  known.broughtBackAt = line;
  known.status = known.stoodAs ?? (known.receipt ? 'done' : 'intended');
  delete known.stoodAs;
}

/** The last restore of a resource in its own place that has taken effect, by a rollback or by a task. */
export const lastRestoreOf = (state: Pick<TargetState, 'operations'>, resource: string): OperationRecord | undefined =>
  [...state.operations.values()]
    .filter(
      ({ operation, status }) =>
        (operation.kind === 'restoreStore' || operation.kind === 'restoreVolume') &&
        (status === 'done' || status === 'by-hand') &&
        resourceOf(operation) === resource,
    )
    .sort((a, b) => b.seq - a.seq)[0];

/** What a phase of a run did and a restore has taken out of the data since. */
export const lostOf = (
  { operations }: Pick<TargetState, 'operations'>,
  { run, id }: { run: string; id: string },
): OperationRecord[] =>
  [...operations.values()].filter(
    (record) => record.run === run && record.operation.phase === id && record.lostIn !== undefined,
  );
