import type { TargetState } from './target-state.ts';

/**
 * Whether an undo of an operation, or a restore that covers it, has begun: what it has reached is not what the operation left, and a late
 * attempt of the operation must not act any more.
 * @param key `RUN/OPERATION` @param except the undo that asks, which has just begun itself
 */
export function isBeingTakenBack(state: TargetState, key: string, except?: string): boolean {
  for (const [other, { operation, attempt }] of state.operations) {
    if (other === except || attempt === 0) continue;
    if (operation.undoes?.includes(key) === true || operation.covers?.includes(key) === true) return true;
  }
  return false;
}
