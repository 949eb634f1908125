import type { CheckResult } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Operation } from '../../runbook/operations.ts';
import { prove, type Proof, type ProofParts } from './prove.ts';
import type { ScriptLog } from './read-log.ts';

/** Events of the log with which the script says that a step needs nothing more. */
export const settledEvents = ['done', 'already', 'by-hand'];

export interface Judged {
  operation: Operation;
  proof: Proof;
}
export interface Proven {
  operation: Operation;
  proof: Extract<Proof, { result: CheckResult }>;
}

const ofStack = ({ kind }: Operation) => kind === 'applyCheckpoint' || kind === 'switchImage';

/** Proves every operation of a rollback that the script says is done. Looks only. */
export async function proveAll(operations: readonly Operation[], log: ScriptLog, parts: ProofParts): Promise<Judged[]> {
  const said = (operation: Operation) =>
    log.lines.some((line) => line.operation === operation.id && settledEvents.includes(line.event));
  const last = operations.findLast((operation) => ofStack(operation) && said(operation));
  const ofLast = last && (await attempt(last, parts));
  const judged: Judged[] = [];
  for (const operation of operations) {
    if (!said(operation)) judged.push({ operation, proof: { why: 'the script did not come to it' } });
    else if (!last || !ofLast || !ofStack(operation))
      judged.push({ operation, proof: await attempt(operation, parts) });
    // What a later checkpoint has replaced cannot be seen any more: it stands and falls with that one.
    else judged.push({ operation, proof: operation === last ? ofLast : superseded(last, ofLast) });
  }
  return judged;
}

function superseded(last: Operation, proof: Proof): Proof {
  if ('why' in proof) return proof;
  const { verdict, tookMs } = proof.result;
  return { result: { check: `${last.id} came after it and stands`, verdict, tookMs, detail: 'seen' } };
}

async function attempt(operation: Operation, parts: ProofParts): Promise<Proof> {
  try {
    return await prove(operation, parts);
  } catch (error) {
    if (error instanceof SwitchbackError) return { why: error.message };
    throw error;
  }
}
