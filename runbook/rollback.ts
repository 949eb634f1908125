import type { Check } from './checks.ts';
import { collapseCheckpoints, type UndoStep } from './collapse-checkpoints.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import { SwitchbackError } from './errors.ts';
import { operationVersion, type Operation, type OperationInputs, type OperationKind } from './operations.ts';
import { noRestores, planRestores, type Kept, type RestoreStep } from './rollback-restores.ts';
import type { RollbackRequest } from './run-state.ts';
import { operationKey, standingOperations, type OperationRecord, type TargetState } from './target-state.ts';

/** What a rollback would do, exactly: derived from receipts, never from the plan. */
export interface RollbackPlan {
  ordinal: number;
  /** `baseline`, or the phase whose checkpoint is gone back to. */
  to: string;
  scope: 'quick' | 'full' | 'partial';
  /** Phases that go back, newest first. */
  phases: { id: string; ordinal: number; title: string }[];
  operations: Operation[];
  kept: Kept[];
  /** Resources whose data is replaced by a recovery point. */
  restored: string[];
}

interface PhaseInPlay {
  id: string;
  ordinal: number;
  title: string;
}

/** Phases with standing effects or a state that is not "taken back", newest first. */
function phasesInPlay(state: TargetState): PhaseInPlay[] {
  const live = [...state.phases.values()].filter(
    (phase) => phase.state !== 'rolled-back' && phase.state !== 'pending' && phase.state !== 'skipped',
  );
  return live.sort((a, b) => b.ordinal - a.ordinal).map(({ id, ordinal, title }) => ({ id, ordinal, title }));
}

function phasesToTakeBack(state: TargetState, to: RollbackRequest['to']): PhaseInPlay[] {
  const live = phasesInPlay(state);
  if (to === 'baseline') return live;
  if (to === 'previous') return live.slice(0, 1);
  const destination = state.phases.get(to.phase);
  if (!destination || destination.state !== 'completed') {
    throw new SwitchbackError('PreconditionFailed', `phase ${to.phase} is not a completed phase of this target`, {
      hint: `Completed phases: ${live.map((phase) => phase.id).join(', ') || 'none'}.`,
    });
  }
  return live.filter((phase) => phase.ordinal > destination.ordinal);
}

const storeOf = (record: OperationRecord) =>
  record.operation.kind === 'applySql' ? `store:${record.operation.input.store}` : undefined;

export interface RollbackOptions {
  request: RollbackRequest;
  plan: CompiledPlan;
  /** Ordinal of this rollback in the target's life. */
  ordinal: number;
}

/**
 * Plans a rollback from what the journal says was done. Undo order is the reverse of the order in which effects began; with
 * `restoreData`, recovery points are restored first, each resource from the oldest point among the phases that go back, while what uses
 * it stands still until an older checkpoint is back; what was done in a restored store after its point was taken needs no undo.
 * @throws SwitchbackError `PreconditionFailed` when there is nothing to take back, `PointOfNoReturn` when an effect has no undo.
 */
export function planRollback(state: TargetState, { request, plan, ordinal }: RollbackOptions): RollbackPlan {
  const phases = phasesToTakeBack(state, request.to);
  if (phases.length === 0) {
    throw new SwitchbackError('PreconditionFailed', 'there is nothing to roll back', {
      hint: 'No phase has effects that still stand.',
    });
  }
  const ids = new Set(phases.map((phase) => phase.id));
  const standing = standingOperations(state).filter((record) => ids.has(record.operation.phase));

  const { restores, restored, kept } = request.restoreData ? planRestores(state, plan, standing) : noRestores();
  const undos: UndoStep[] = [];
  const impossible: OperationRecord[] = [];
  const covered = new Map<string, string[]>();
  for (const record of standing) {
    const { undo } = record;
    const store = storeOf(record);
    if (store !== undefined && record.seq > (restored.get(store) ?? Infinity)) {
      covered.set(store, [...(covered.get(store) ?? []), operationKey(record.run, record.operation.id)]);
      kept.push({
        operation: record.operation.id,
        summary: record.operation.summary,
        why: `${store} is restored from its recovery point, which takes this back too`,
      });
    } else if (undo.by === 'operation' && undo.lossy && !request.discardData) {
      kept.push({
        operation: record.operation.id,
        summary: record.operation.summary,
        why: `taking it back would discard data (${undo.summary}); it does no harm where it is`,
      });
    } else if (undo.by === 'operation') {
      undos.push({ record, undo });
    } else if (undo.by === 'keeping') {
      kept.push({ operation: record.operation.id, summary: record.operation.summary, why: undo.summary });
    } else if (undo.by === 'impossible') {
      impossible.push(record);
    }
  }
  const barrier = impossible[0];
  if (barrier && barrier.undo.by === 'impossible') {
    throw new SwitchbackError(
      'PointOfNoReturn',
      `${barrier.operation.id} cannot be taken back: ${barrier.undo.cause}`,
      {
        hint: 'Fix forward, or restore the data with --restore-data if a recovery point of that store exists.',
      },
    );
  }

  const host = plan.homeHost;
  const operations: Operation[] = [];
  const next = (kind: OperationKind) => `rollback-${ordinal}/${String(operations.length + 1).padStart(2, '0')}-${kind}`;
  const steps = collapseCheckpoints(undos);
  const [firstRestore] = restores.values();
  if (firstRestore) {
    const stop = stopUsers(next('stopUsers'), { restores: [...restores.values()], phase: firstRestore.phase, host });
    operations.push(stop);
    for (const step of restores.values()) {
      operations.push(
        operation(next(step.kind), step.kind, step.input as never, {
          phase: step.phase,
          host,
          summary: `restore ${step.resource} from ${step.input.point}`,
          effects: [{ resource: step.resource, change: 'replace' }],
          timeoutSeconds: 4 * 3600,
          ...(covered.has(step.resource) && { covers: covered.get(step.resource)! }),
        }),
      );
    }
    if (!steps.some(({ undo }) => undo.kind === 'applyCheckpoint')) {
      operations.push(startUsers(next('startUsers'), stop));
    }
  }
  for (const { record, undo, alsoUndone } of steps) {
    operations.push(
      operation(next(undo.kind), undo.kind, undo.input as never, {
        phase: record.operation.phase,
        host: record.operation.host,
        summary: undo.summary,
        effects: undo.effects,
        timeoutSeconds: Math.max(record.operation.timeoutSeconds, 600),
        undoes: [...alsoUndone, record].map((undone) => operationKey(undone.run, undone.operation.id)),
      }),
    );
  }
  const destination = checkpointBelow(Math.min(...phases.map((phase) => phase.ordinal)), state, plan);
  if (destination.checks.length > 0) {
    operations.push(
      operation(
        next('runChecks'),
        'runChecks',
        { checks: destination.checks, withinSeconds: 180, everySeconds: 1, consecutive: 2 },
        {
          phase: phases.at(-1)?.id ?? '',
          host,
          summary: `verify ${destination.name}: ${destination.checks.length} check${destination.checks.length === 1 ? '' : 's'}`,
          effects: [],
          timeoutSeconds: 600,
        },
      ),
    );
  }
  return {
    ordinal,
    to: destination.name,
    scope: destination.name === 'baseline' && phases.length > 1 ? 'full' : 'quick',
    phases,
    operations,
    kept,
    restored: [...restored.keys()],
  };
}

function stopUsers(
  id: string,
  { restores, phase, host }: { restores: RestoreStep[]; phase: string; host: string },
): Operation {
  const named = (kind: string) =>
    restores.flatMap(({ resource }) => (resource.startsWith(`${kind}:`) ? [resource.slice(kind.length + 1)] : []));
  const input = { stores: named('store'), volumes: named('volume') };
  return operation(id, 'stopUsers', input, {
    phase,
    host,
    summary: `stop what uses ${restores.map(({ resource }) => resource).join(', ')}`,
    effects: [{ resource: 'service:*', change: 'stop' }],
    timeoutSeconds: 600,
  });
}

function startUsers(id: string, { id: stoppedBy, phase, host }: Operation): Operation {
  return operation(
    id,
    'startUsers',
    { stoppedBy },
    {
      phase,
      host,
      summary: 'start again what was stopped for the restore',
      effects: [{ resource: 'service:*', change: 'update' }],
      timeoutSeconds: 600,
    },
  );
}

/** What the stack is at once the phases from `below` on are taken back: the newest completed phase before them, or the baseline. */
export function checkpointBelow(
  below: number,
  state: TargetState,
  plan: CompiledPlan,
): { name: string; checks: Check[] } {
  const remaining = plan.phases
    .filter((phase) => phase.ordinal < below && state.phases.get(phase.id)?.state === 'completed')
    .at(-1);
  return remaining
    ? { name: remaining.id, checks: remaining.verify }
    : { name: 'baseline', checks: plan.baseline.verify };
}

function operation<K extends OperationKind>(
  id: string,
  kind: K,
  input: OperationInputs[K],
  rest: Pick<Operation, 'phase' | 'host' | 'summary' | 'effects' | 'timeoutSeconds' | 'undoes' | 'covers'>,
): Operation {
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
