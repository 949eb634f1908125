import type { CompiledPhase, CompiledPlan } from './compiled-plan.ts';
import type { Operation } from './operations.ts';
import type { OperationRecord, TargetState } from './target-state.ts';

/** A recovery point that a cutover rests on, and whose proof does not count any more. */
export interface ExpiredProof {
  point: string;
  /** When it was proven (ISO 8601); absent when the journal knows no proof. */
  at?: string;
}

/** The proofs that a phase makes of its own recovery points. */
export const proofsOf = ({ stages }: Pick<CompiledPhase, 'stages'>): Operation<'proveBackup'>[] =>
  stages.flatMap(({ operations }) =>
    operations.filter((operation): operation is Operation<'proveBackup'> => operation.kind === 'proveBackup'),
  );

/**
 * Only proof opens a gate: what has expired by the time at which the cutover of a phase is about to begin, e.g. since its approval took days.
 * Nothing for any other operation: a cutover that has begun is better finished. A proof that a person has skipped, or gave by hand, is settled.
 * @param now milliseconds since the epoch, by the clock of the home host, which dated the proofs
 */
export function expiredProofs(
  plan: CompiledPlan,
  operation: Operation,
  run: string,
  state: Pick<TargetState, 'operations'>,
  now: number,
): ExpiredProof[] {
  const phase = plan.phases.find(({ id }) => id === operation.phase);
  const cutover = phase?.stages.find(({ stage }) => stage === 'cutover');
  if (!phase || cutover?.operations[0]?.id !== operation.id) return [];
  return proofsOf(phase).flatMap(({ input: { point } }) => {
    const newest = [...state.operations.values()].filter((known) => known.run === run && proves(known, point)).at(-1);
    if (newest?.status === 'skipped' || newest?.status === 'by-hand') return [];
    const at = provenAt(newest);
    if (at === undefined) return [{ point }];
    return now - Date.parse(at) > plan.proofAgeSeconds * 1000 ? [{ point, at }] : [];
  });
}

const proves = ({ operation }: OperationRecord, point: string) =>
  operation.kind === 'proveBackup' && operation.input.point === point;

function provenAt(known: OperationRecord | undefined): string | undefined {
  const proof = known?.receipt?.facts['proof'] as { at?: string } | undefined;
  return proof?.at ?? known?.receipt?.finishedAt;
}
