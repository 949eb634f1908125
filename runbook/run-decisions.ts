import type { CompiledPhase, CompiledPlan } from './compiled-plan.ts';
import type { GoingBack } from './going-back.ts';
import type { PhaseStatus, RollbackRequest, RunState } from './run-state.ts';
import type { WayOn } from './way-on.ts';

/** What ends a run before its last phase. */
export type RunStop =
  | ({ outcome: 'rollback' } & GoingBack)
  | { outcome: 'aborted'; reason: string }
  /** An earlier execution has done all; what is left is to say so. */
  | { outcome: 'ended'; state: 'rolled-back' | 'aborted'; reason: string };

export interface RunEnd {
  state: Extract<RunState, 'completed' | 'rolled-back' | 'aborted'>;
  reason?: string;
}

/** What an older worker did not say: a run that was started to go back goes back, any other goes forward. */
export function headingOf(
  told: WayOn | undefined,
  asked: { rollback?: { request: RollbackRequest; reason: string }; without: string[]; operator: string },
  now: string,
): WayOn {
  if (told) return told;
  const { rollback, without, operator } = asked;
  if (!rollback) return { way: 'forward', without };
  return { way: 'back', goingBack: { ...rollback, by: operator, detectedAt: now, decidedAt: now } };
}

/** What a way that does not lead forward means for the run; undefined where it goes forward. */
export function stopOf(wayOn: WayOn): RunStop | undefined {
  switch (wayOn.way) {
    case 'forward':
      return undefined;
    case 'back':
      return { outcome: 'rollback', ...wayOn.goingBack };
    case 'end':
      return { outcome: 'ended', state: wayOn.state, reason: wayOn.reason };
  }
}

/**
 * The phases that still go forward, in order. What is recorded before anything else happens belongs to the first phase, so that it parks and is
 * retried like the rest; where a phase was completed before, it was recorded then.
 */
export function phasesAhead(
  { phases, before }: Pick<CompiledPlan, 'phases' | 'before'>,
  known: readonly Pick<PhaseStatus, 'id' | 'state'>[],
): CompiledPhase[] {
  const ahead = phases.filter(({ id }) => !known.some((phase) => phase.id === id && phase.state !== 'pending'));
  const [first, ...others] = ahead;
  const fresh = known.every(({ state }) => state !== 'completed');
  if (!first || !fresh || before.length === 0) return ahead;
  return [{ ...first, stages: [{ stage: 'before', operations: before, approvals: [] }, ...first.stages] }, ...others];
}

/** How a run ends whose rollback has come to its end. */
export function endOfRollback({ gaveUp }: { gaveUp?: string }, reason: string): RunEnd {
  return gaveUp === undefined
    ? { state: 'rolled-back', reason }
    : { state: 'aborted', reason: `rollback given up: ${gaveUp}` };
}
