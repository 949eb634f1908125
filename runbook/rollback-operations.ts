import type { CollapsedStep } from './collapse-checkpoints.ts';
import { operationVersion, type Operation, type OperationInputs, type OperationKind } from './operations.ts';
import { plural } from './plural.ts';
import type { RestoreStep } from './rollback-restores.ts';
import type { Destination } from './rollback-scope.ts';
import { operationKey, type OperationRecord } from './target-state.ts';

type Rest = Pick<Operation, 'phase' | 'host' | 'summary' | 'effects' | 'timeoutSeconds'> &
  Partial<Pick<Operation, 'undoes' | 'covers' | 'of' | 'always' | 'keepsData'>>;

function operation<K extends OperationKind>(id: string, kind: K, input: OperationInputs[K], rest: Rest): Operation {
  return {
    id,
    kind,
    version: operationVersion[kind],
    stage: 'rollback',
    input,
    undo: { by: 'nothing', summary: 'an undo is not undone by itself; run the phase again to go forward' },
    ...rest,
    summary: rest.summary.slice(0, 200),
  } as Operation;
}

const keyOf = ({ run, operation: { id } }: OperationRecord) => operationKey(run, id);

/**
 * Asks whether what cannot be taken back took effect at all. It has no checks of its own: the worker looks for the effect of what it
 * undoes, and where there is one, or may be one, the rollback parks before anything was touched.
 */
export function askEffect(id: string, record: OperationRecord): Operation {
  const { operation: asked, run } = record;
  return operation(
    id,
    'runChecks',
    { checks: [], withinSeconds: 0, everySeconds: 1, consecutive: 1 },
    {
      phase: asked.phase,
      host: asked.host,
      summary: `ask whether this took effect, since it cannot be taken back: ${asked.summary}`,
      effects: [],
      timeoutSeconds: 600,
      undoes: [keyOf(record)],
      of: run,
    },
  );
}

/** Whether an operation only asks whether another one took effect. */
export const asksForEffect = ({ kind, undoes }: Pick<Operation, 'kind' | 'undoes'>): boolean =>
  kind === 'runChecks' && undoes !== undefined;

export function stopUsers(id: string, restores: readonly RestoreStep[]): Operation {
  const [first] = restores;
  const named = (kind: string) =>
    restores.flatMap(({ resource }) => (resource.startsWith(`${kind}:`) ? [resource.slice(kind.length + 1)] : []));
  const input = { stores: named('store'), volumes: named('volume') };
  return operation(id, 'stopUsers', input, {
    phase: first?.phase ?? '',
    host: first?.host ?? '',
    summary: `stop what uses ${restores.map(({ resource }) => resource).join(', ')}`,
    effects: [{ resource: 'service:*', change: 'stop' }],
    timeoutSeconds: 600,
    ...(first && { of: first.run }),
  });
}

export const restore = (id: string, step: RestoreStep, covers: readonly string[] | undefined): Operation =>
  operation(id, step.kind, step.input as never, {
    phase: step.phase,
    host: step.host,
    summary: `restore ${[step.resource, ...(step.together ?? [])].join(' and ')} from ${step.input.point}`,
    effects: [step.resource, ...(step.together ?? [])].map((resource) => ({ resource, change: 'replace' })),
    timeoutSeconds: 4 * 3600,
    ...(covers && { covers: [...covers] }),
    of: step.run,
  });

/** What was stopped, by this rollback or by an earlier one. */
export interface StoppedBy {
  id: string;
  run?: string;
  phase: string;
  host: string;
}

/** @param except services that a step which follows starts with their older image */
export const startUsers = (id: string, { id: stoppedBy, run, phase, host }: StoppedBy, except: readonly string[]) =>
  operation(
    id,
    'startUsers',
    { stoppedBy, ...(run === undefined ? {} : { run }), ...(except.length === 0 ? {} : { except: [...except] }) },
    {
      phase,
      host,
      summary: `start again what was stopped for the restore${except.length === 0 ? '' : `, but ${except.join(', ')}`}`,
      effects: [{ resource: 'service:*', change: 'update' }],
      timeoutSeconds: 600,
    },
  );

/**
 * @param always it is done although what it takes back took no effect: its services were stopped
 * @param discardData the loss of data was confirmed. Otherwise SQL that looks harmless in its text stops where it is not.
 */
export function undo(
  id: string,
  { record, undo: how, alsoUndone }: CollapsedStep,
  { always, discardData }: { always: boolean; discardData: boolean },
): Operation {
  return operation(id, how.kind, how.input as never, {
    phase: record.operation.phase,
    host: record.operation.host,
    summary: how.summary,
    effects: how.effects,
    timeoutSeconds: Math.max(record.operation.timeoutSeconds, 600),
    undoes: [...alsoUndone, record].map(keyOf),
    of: record.run,
    ...(always && { always: true as const }),
    ...(how.kind === 'applySql' && !discardData && { keepsData: true as const }),
  });
}

/** Brings the stack to a checkpoint once more, since files that its services read were put back after it. */
export const applyAgain = (id: string, { record, undo: how }: CollapsedStep): Operation =>
  operation(id, how.kind, how.input as never, {
    phase: record.operation.phase,
    host: record.operation.host,
    summary: `${how.summary}, with the files that were put back`,
    effects: how.effects,
    timeoutSeconds: Math.max(record.operation.timeoutSeconds, 600),
    of: record.run,
  });

export const verifyDestination = (id: string, { name, run, homeHost, checks }: Destination, phase: string): Operation =>
  operation(
    id,
    'runChecks',
    { checks, withinSeconds: 180, everySeconds: 1, consecutive: 2 },
    {
      phase,
      host: homeHost,
      summary: `verify ${name}: ${plural(checks.length, 'check')}`,
      effects: [],
      timeoutSeconds: 600,
      ...(run === undefined ? {} : { of: run }),
    },
  );
