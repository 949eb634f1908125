import type { CloneComparison } from '../runbook/activities.ts';
import type { Rehearsal } from '../runbook/rehearsal.ts';
import type { RehearsalInput } from './messages.ts';
import type { Stop } from './session.ts';

/** Adds what a comparison of the clone has found. */
export function addComparison(found: Rehearsal, { compared, differences, notes }: CloneComparison, when: string): void {
  found.compared = found.compared.length > 0 ? found.compared : compared;
  found.differences.push(...differences.map((line) => `${when}, ${line}`));
  found.notes.push(...notes.map((line) => `${when}, ${line}`));
}

/** A rehearsal that somebody, or its clock, has ended. */
export const calledOff = (found: Rehearsal, stop: Stop): Rehearsal => ({
  ...found,
  outcome: 'not-rehearsed',
  why: `it was called off: ${stop.reason}`,
  at: new Date().toISOString(),
});

/** As a journal line and a Temporal payload can carry it. */
export const bounded = (rehearsal: Rehearsal): Rehearsal => ({
  ...rehearsal,
  ...(rehearsal.why === undefined ? {} : { why: rehearsal.why.slice(0, 500) }),
  compared: rehearsal.compared.slice(0, 20).map((line) => line.slice(0, 200)),
  differences: rehearsal.differences.slice(0, 20).map((line) => line.slice(0, 300)),
  notes: rehearsal.notes.slice(0, 20).map((line) => line.slice(0, 300)),
});

/** Phases about which nothing was found out, because there was no clone to try them on. */
export function foundNothing(
  phases: readonly string[],
  { plan }: RehearsalInput,
  outcome: 'failed' | 'not-rehearsed',
  why: string,
): Rehearsal[] {
  const rest = {
    at: new Date().toISOString(),
    planDigest: plan?.digest ?? '',
    compared: [],
    differences: [],
    notes: [],
  };
  return phases.map((phase) => ({ phase, outcome, why, ...rest }));
}
