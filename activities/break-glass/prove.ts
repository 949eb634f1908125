import { overallVerdict, type Check, type CheckResult } from '../../runbook/checks.ts';
import { digestOf } from '../../runbook/break-glass/contents.ts';
import type { JsonObject } from '../../runbook/json.ts';
import type { Operation } from '../../runbook/operations.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import { handlerOf, type EffectContext, type EffectHandlers, type Prepared } from '../effect.ts';

/** What proofs are taken with. */
export interface ProofParts {
  handlers: EffectHandlers;
  /** Takes one sample of each check. */
  check(checks: Check[], context: EffectContext): Promise<CheckResult[]>;
  /** Given by the operator, for what only a person can have done. */
  proofs: Check[];
  state: TargetState;
  sealed: Readonly<Record<string, string>>;
  /** Short ids of the containers that were there before the script began. */
  containers: string[];
  contextOf(operation: Operation, run?: string): EffectContext;
}

/** An operation that was proven, with what an adoption of it needs; or why not. */
export type Proof = { result: CheckResult; prepared?: Prepared } | { why: string };

const emptyPrepared: Prepared = { undo: { by: 'nothing', summary: '' }, facts: {} };

/** Proves against the world that an operation was done, by the same look that a worker takes before it acts. */
export async function prove(operation: Operation, parts: ProofParts): Promise<Proof> {
  const began = performance.now();
  const proven = (check: string, detail: string, prepared?: Prepared): Proof => ({
    result: { check, verdict: 'successful', detail, tookMs: Math.round(performance.now() - began) },
    ...(prepared && { prepared }),
  });
  const handler = handlerOf(parts.handlers, operation.kind);
  const context = parts.contextOf(operation);
  switch (operation.kind) {
    case 'applyCheckpoint':
    case 'switchImage': {
      const prepared = preparedFor(operation, parts, context);
      const seen = await handler.observe(operation.input, context, prepared);
      if (seen === 'done') return proven('active files and containers are as it describes', 'seen', prepared);
      return { why: `the stack is not as it describes (${seen})` };
    }
    case 'putFilesBack': {
      const seen = await handler.observe(operation.input, context, emptyPrepared);
      return seen === 'done' ? proven('every file holds what it held', 'seen') : { why: 'not all files are back' };
    }
    case 'restoreManifests': {
      const seen = await handler.observe(operation.input, context, emptyPrepared);
      return seen === 'done'
        ? proven('every object of the cluster is as it was', 'seen')
        : { why: 'not all objects of the cluster are as they were' };
    }
    case 'removeTag': {
      const seen = await handler.observe(operation.input, context, emptyPrepared);
      if (seen === 'done') return proven(`there is no tag ${operation.input.tag}`, 'seen');
      // Whether the tag is also gone where it was pushed to, only that server knows.
      if (seen === 'partial') return proven(`there is no tag ${operation.input.tag} here`, 'the remote was not asked');
      return { why: `tag ${operation.input.tag} is still there` };
    }
    case 'applySql':
      if (await noneStands(operation, parts)) return proven('the store has none of what it takes back', 'seen');
      return { why: 'the store still has what it takes back' };
    case 'runChecks': {
      if (operation.undoes !== undefined) {
        const absent = await noneStands(operation, parts);
        return absent
          ? proven('what cannot be taken back took no effect', 'seen')
          : { why: 'it took effect, or may have' };
      }
      const { summary } = await handler.perform(operation.input, context, emptyPrepared);
      return proven(operation.summary, summary);
    }
    default:
      return byProofs(parts, context);
  }
}

/** What a person has done by hand, a person's proof has to show. */
async function byProofs(parts: ProofParts, context: EffectContext): Promise<Proof> {
  const { proofs } = parts;
  if (proofs.length === 0) {
    return { why: 'it was done by hand: add --proof-http, --proof-sql, --proof-run or --proof-services' };
  }
  const results = await parts.check(proofs, context);
  const bad = results.filter(({ verdict }) => verdict !== 'successful');
  if (overallVerdict(results) !== 'successful')
    return { why: `not proven: ${bad.map((result) => `${result.check}: ${result.detail}`).join('; ')}` };
  return { result: { ...results[0]!, check: results.map((result) => result.check).join(', ') } };
}

/** Whether the world knows none of the operations that an undo takes back. */
async function noneStands({ undoes = [] }: Operation, parts: ProofParts): Promise<boolean> {
  for (const key of undoes) {
    const forward = parts.state.operations.get(key);
    if (!forward) return false;
    const { operation, run, prepared } = forward;
    const handler = handlerOf(parts.handlers, operation.kind);
    if ((await handler.observe(operation.input, parts.contextOf(operation, run), prepared)) !== 'absent') return false;
  }
  return undoes.length > 0;
}

/** What the handler would have looked up before it acted, for something that has been done. */
function preparedFor(
  operation: Extract<Operation, { kind: 'applyCheckpoint' | 'switchImage' }>,
  parts: ProofParts,
  { plan: { stack } }: EffectContext,
): Prepared {
  const facts = (more: JsonObject): Prepared => ({
    ...emptyPrepared,
    facts: { containers: parts.containers, ...more },
  });
  if (operation.kind === 'switchImage') {
    const to = parts.state.operations.get(operation.undoes?.at(-1) ?? '')?.prepared.facts['from'] ?? '';
    return facts({ from: to, to, before: operation.input.image, imageId: operation.input.imageId ?? '' });
  }
  const { compose, env } = operation.input;
  const pairs = [{ path: stack.compose, to: digestOf(compose, parts) }];
  if (stack.env !== undefined && env !== undefined) pairs.push({ path: stack.env, to: digestOf(env, parts) });
  const files = pairs.map(({ path, to }) => ({ path, from: to, to }));
  return facts({ files, recreate: {}, willHappen: ['done by the break-glass script'], composeVersion: 'unknown' });
}
