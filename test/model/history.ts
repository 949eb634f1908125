import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { randomPlan, type Below } from './plans.ts';
import type { Effect } from './world.ts';

/** How one operation of a run fails, and what a person makes of it. */
export interface Fault {
  at: number;
  effect: Effect;
  then: 'abort' | 'skip' | 'by-hand' | 'rollback';
}

export interface Going {
  to: 'previous' | 'baseline' | { nth: number };
  restoreData: boolean;
  discardData: boolean;
}

/** One thing that happens to a target. What is not possible when its turn comes is left out. */
export type Event =
  | { do: 'run'; plan: CompiledPlan; leaveOut: string[]; fault?: Fault }
  /** `until`: given up after so many operations. `skip`: the operation of that place is skipped. */
  | { do: 'back'; going: Going; until?: number; skip?: number }
  | { do: 'backup'; resource: 'store:db' | 'store:logs' }
  | { do: 'restore'; nth: number }
  | { do: 'prune' }
  | { do: 'accept' };

const effects: readonly Effect[] = ['none', 'half', 'full'];
const ends: readonly Fault['then'][] = ['abort', 'skip', 'by-hand', 'rollback'];

export function randomHistory(below: Below): Event[] {
  const plans = Array.from({ length: 3 }, () => randomPlan(below));
  return Array.from({ length: 2 + below(9) }, () => randomEvent(below, plans));
}

function randomEvent(below: Below, plans: readonly CompiledPlan[]): Event {
  const dice = below(20);
  if (dice < 9) {
    const plan = plans[below(plans.length)]!;
    const fault: Fault = { at: below(8), effect: effects[below(3)]!, then: ends[below(4)]! };
    const leaveOut = plan.phases.map(({ id }) => id).filter(() => below(5) === 0);
    return { do: 'run', plan, leaveOut, ...(below(2) === 0 && { fault }) };
  }
  if (dice < 15) {
    const to = (['previous', 'previous', 'baseline', { nth: below(3) }] as const)[below(4)]!;
    const going = { to, restoreData: below(3) === 0, discardData: below(3) === 0 };
    const cut = below(5);
    return { do: 'back', going, ...(cut === 0 && { until: below(6) }), ...(cut === 1 && { skip: below(5) }) };
  }
  if (dice < 16) return { do: 'backup', resource: below(2) === 0 ? 'store:db' : 'store:logs' };
  if (dice < 18) return { do: 'restore', nth: below(4) };
  return dice === 18 ? { do: 'prune' } : { do: 'accept' };
}

/** The smallest history that still fails: events are dropped as long as it does. */
export function shrink(events: readonly Event[], fails: (events: readonly Event[]) => boolean): Event[] {
  let smallest = [...events];
  for (let index = 0; index < smallest.length;) {
    const without = smallest.filter((_event, place) => place !== index);
    if (fails(without)) {
      smallest = without;
      index = 0;
    } else index += 1;
  }
  return smallest;
}

/** A history for people, an event a line. */
export const tell = (events: readonly Event[]): string =>
  events
    .map((event) => {
      if (event.do !== 'run') return JSON.stringify(event);
      const { plan, leaveOut, fault } = event;
      const phases = plan.phases.map(({ id, stages }) => {
        const told = stages.flatMap(({ operations }) =>
          operations.map(
            ({ id: op, undo, input }) =>
              `${op} ${undo.by}${'lossy' in undo && undo.lossy ? ' lossy' : ''} ${JSON.stringify(input)}`,
          ),
        );
        return `\n    ${id}: ${told.join('\n       ')}`;
      });
      return `run ${plan.name} without [${leaveOut.join()}] fault ${JSON.stringify(fault ?? null)} protect ${JSON.stringify(plan.protect)}${phases.join('')}`;
    })
    .join('\n');
