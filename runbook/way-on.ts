import { SwitchbackError } from './errors.ts';
import type { GoingBack } from './going-back.ts';
import type { Operation } from './operations.ts';
import { operationKey, type RunRecord, type TargetState } from './target-state.ts';

/** Which way a run goes on that has lost its workflow, or that another one has taken over: the journal says it, not who asks. */
export type WayOn =
  | { way: 'forward'; without: string[] }
  | { way: 'back'; goingBack: GoingBack }
  /** Its rollback has come to an end; all that is left is to say so. */
  | { way: 'end'; state: 'rolled-back' | 'aborted'; reason: string };

/**
 * What going on with a run means. Once a way back was asked for, nothing goes forward any more.
 * @throws SwitchbackError `PreconditionFailed` where a way back was asked for and the journal, an older one, does not say how far
 */
export function wayOn({ phases }: Pick<TargetState, 'phases'>, run: RunRecord): WayOn {
  const { rollback, goingBack } = run;
  if (rollback) {
    const { ended, reason } = rollback;
    const back = rollback.phases?.every((id) => phases.get(id)?.state === 'rolled-back') ?? false;
    if (back) return { way: 'end', state: 'rolled-back', reason };
    if (ended) return { way: 'end', state: 'aborted', reason: `rollback given up: ${ended.gaveUp ?? reason}` };
    return { way: 'back', goingBack: asPlanned(rollback, goingBack) };
  }
  if (goingBack) return { way: 'back', goingBack };
  if (run.state === 'rolling-back' || run.state === 'rollback-paused') {
    throw new SwitchbackError(
      'PreconditionFailed',
      `run ${run.id} was told to go back, and its journal does not say how far`,
      { hint: 'Say it: `switchback rollback --to previous`, `--to baseline` or `--to PHASE`.' },
    );
  }
  return { way: 'forward', without: run.without ?? [] };
}

/** Where it was planned to: `previous` would be one phase further once the first is back. */
function asPlanned(
  { to, reason, restoreData, plannedAt }: NonNullable<RunRecord['rollback']>,
  known: GoingBack | undefined,
): GoingBack {
  const destination = to === 'baseline' ? ('baseline' as const) : { phase: to };
  const asked = known ?? {
    request: { to: destination, restoreData, discardData: false },
    ...{ reason, by: 'the journal', detectedAt: plannedAt, decidedAt: plannedAt },
  };
  return { ...asked, request: { ...asked.request, to: destination } };
}

/** Why an operation that goes forward must not be performed, or answered by an old receipt: its run goes back, or has taken it back. */
export function objectionToForward(
  state: Pick<TargetState, 'runs' | 'operations'>,
  runId: string,
  { id, stage }: Pick<Operation, 'id' | 'stage'>,
): SwitchbackError | undefined {
  if (stage === 'rollback') return undefined;
  const run = state.runs.findLast((known) => known.id === runId);
  const status = state.operations.get(operationKey(runId, id))?.status;
  if (status === 'undone' || status === 'undo-skipped') {
    return new SwitchbackError('Conflict', `${id} was taken back: run ${runId} cannot do it a second time`, {
      hint: 'Start the plan again: a new run does what was taken back.',
    });
  }
  if (run?.goingBack ?? run?.rollback) {
    const reason = run?.goingBack?.reason ?? run?.rollback?.reason ?? '';
    return new SwitchbackError('Conflict', `run ${runId} goes back (${reason}): ${id} is not begun any more`, {
      hint: 'Type `switchback status`; once it is back, start the plan again.',
    });
  }
  return undefined;
}
