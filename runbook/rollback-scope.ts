import type { Check } from './checks.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import { SwitchbackError } from './errors.ts';
import { applicationsInPlay, completedBelow, type PhaseApplication } from './phase-applications.ts';
import type { RollbackRequest } from './run-state.ts';
import { standingOperations, type TargetState } from './target-state.ts';

/** The sealed plan of a run: what its phases are, and what its baseline is. */
export type PlanOf = (run: string) => CompiledPlan | undefined;

/** The checkpoint that a stack is at, or goes back to. */
export interface Destination {
  /** `baseline`, or the phase whose checkpoint it is. */
  name: string;
  /** Of the plan that says what it is. */
  plan: string;
  /** The run that followed that plan; absent where the journal knows none. */
  run?: string;
  /** Where that plan is at home, and is verified from. */
  homeHost: string;
  checks: Check[];
}

/**
 * What goes back, newest first: all that was carried out since the destination, whichever plan it was of.
 * @throws SwitchbackError `PreconditionFailed` when the destination is none, or more than one
 */
export function phasesToTakeBack(state: TargetState, to: RollbackRequest['to']): PhaseApplication[] {
  const live = applicationsInPlay(state);
  const destination = destinationAsked(state, live, to);
  return destination === undefined ? live : live.filter(({ since }) => since > destination.since);
}

function destinationAsked(
  state: TargetState,
  live: readonly PhaseApplication[],
  to: RollbackRequest['to'],
): PhaseApplication | undefined {
  if (to === 'baseline') return undefined;
  // What failed above a checkpoint is in the way of it, and goes back with what came later.
  if (to === 'previous') return live[0] && completedBelow(state, live[0].since);
  const named = live.filter((one) => one.state === 'completed' && isMeant(one, to.phase, state));
  const [only, ...others] = named;
  if (only === undefined) {
    const completed = live.filter(({ state: reached }) => reached === 'completed').map((one) => one.id);
    throw new SwitchbackError('PreconditionFailed', `phase ${to.phase} is not a completed phase of this target`, {
      hint: `Completed phases: ${completed.join(', ') || 'none'}.`,
    });
  }
  if (others.length === 0) return only;
  const told = named.map((one) => `${one.run}/${one.id} (plan ${planNameOf(state, one.run)})`);
  throw new SwitchbackError(
    'PreconditionFailed',
    `phase ${to.phase} was completed more than once: ${told.join(', ')}`,
    {
      hint: `Say which one, newest first: \`--to ${only.run}/${only.id}\`.`,
    },
  );
}

/** By its id, or as `RUN/PHASE` or `PLAN/PHASE`. */
const isMeant = ({ id, run }: PhaseApplication, said: string, state: TargetState) =>
  said === id || said === `${run}/${id}` || said === `${planNameOf(state, run)}/${id}`;

export const planNameOf = ({ runs }: Pick<TargetState, 'runs'>, run: string): string =>
  runs.findLast(({ id }) => id === run)?.plan ?? 'unknown';

/**
 * What the stack is at once all that began with the journal's `line`, or later, is taken back: the newest phase that was completed before it
 * and stands, or the baseline of the plan with which the oldest of the rest began.
 * @param plan that is followed where a run's own is not known
 */
export function checkpointBelow(line: number, state: TargetState, plan: CompiledPlan, planOf?: PlanOf): Destination {
  const phase = completedBelow(state, line);
  const run = phase ? phase.run : baselineRunOf(state);
  const sealed = (run === undefined ? undefined : planOf?.(run)) ?? plan;
  const of = { plan: sealed.name, homeHost: sealed.homeHost, ...(run === undefined ? {} : { run }) };
  if (!phase) return { name: 'baseline', ...of, checks: sealed.baseline.verify };
  return { name: phase.id, ...of, checks: sealed.phases.find(({ id }) => id === phase.id)?.verify ?? [] };
}

const baselineRunOf = (state: TargetState): string | undefined =>
  applicationsInPlay(state).at(-1)?.run ?? state.baselineRun ?? state.runs.at(-1)?.id;

/** Runs whose sealed plans a rollback, a look at the stack or a new run may need. */
export function runsInPlay(state: TargetState): string[] {
  const standing = standingOperations(state).filter(({ undo }) => undo.by !== 'nothing');
  const runs = [...applicationsInPlay(state), ...standing].map(({ run }) => run);
  const known = new Set(state.runs.map(({ id }) => id));
  return [...new Set([...runs, baselineRunOf(state) ?? ''])].filter((run) => known.has(run));
}
