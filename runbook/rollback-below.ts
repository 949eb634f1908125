import { dataOf, mayStand } from './data-lineage.ts';
import { applicationOf, type PhaseApplication } from './phase-applications.ts';
import { floorOf } from './rollback-choices.ts';
import type { Kept, Restores } from './rollback-restores.ts';
import type { TargetState } from './target-state.ts';

/**
 * What the phases below a rollback's destination did to data, and is not there as they left it: a restore has taken it out, or has put it in
 * again since. No rollback to that destination changes it, so all that is left is to say it.
 */
export function changedBelow(
  state: TargetState,
  phases: readonly PhaseApplication[],
  { restored }: Pick<Restores, 'restored'>,
): Kept[] {
  const floor = floorOf(state, phases);
  return [...state.operations].flatMap(([key, record]): Kept[] => {
    const { run, operation } = record;
    const phase = applicationOf(state, record);
    if (phase?.state !== 'completed' || phases.includes(phase)) return [];
    return dataOf(operation).flatMap((resource) => {
      const point = restored.get(resource);
      const is = mayStand(record) && !record.lostIn?.includes(resource);
      const will = point === undefined ? is : (point.holds?.has(key) ?? record.seq < point.since);
      const { id, summary } = operation;
      const told = (why: string, gone?: true) => [{ operation: id, run, summary, why, ...(gone && { gone }) }];
      if (will)
        return is && (record.broughtBackAt ?? 0) > floor
          ? told(`a restore has put it into ${resource} again; ${phase.id}, whose work it is, stands`)
          : [];
      if (is) return told(`${resource} is restored to a time without it, although ${phase.id} stands`, true);
      const wasLost = record.lostIn?.includes(resource) === true;
      return wasLost ? told(`a restore has taken it out of ${resource}, although ${phase.id} stands`, true) : [];
    });
  });
}
