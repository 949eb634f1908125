import { breakGlassRun } from '../../runbook/break-glass/index.ts';
import type { Check, CheckResult } from '../../runbook/checks.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Operation } from '../../runbook/operations.ts';
import { planRollback } from '../../runbook/rollback.ts';
import { openRun as unfinishedRun } from '../../runbook/target-state.ts';
import { reportRollback } from '../control/report-rollback.ts';
import { handlerOf, type EffectContext, type EffectHandlers } from '../effect.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import type { SecretSource } from '../perform/secrets.ts';
import type { TargetAccess } from '../perform/target-access.ts';
import { refuseLivingScript } from './living-script.ts';
import { openHome } from './open-home.ts';
import type { ProofParts } from './prove.ts';
import { proveAll, settledEvents, type Judged, type Proven } from './prove-all.ts';
import { readScriptLog } from './read-log.ts';
import { saveBreakGlass } from './save.ts';
import { takeOver, writeAcceptance } from './write-acceptance.ts';

export interface AcceptRequest {
  target: string;
  by: string;
  reason: string;
  /** Given by the operator, for steps that were done by hand. */
  proofs: Check[];
}

export interface AcceptDependencies {
  access: TargetAccess;
  handlers: EffectHandlers;
  secrets: SecretSource;
  check(checks: Check[], context: EffectContext): Promise<CheckResult[]>;
  surroundings: Surroundings;
}

/** What became of the script's work. */
export interface Acceptance {
  target: string;
  run: string;
  to: string;
  accepted: { operation: string; summary: string; proof: string }[];
  /** What the script did not come to, or what could not be proven. */
  left: { operation: string; summary: string; why: string }[];
  /** The incident record and the rollback log, absolute. */
  files: string[];
}

/**
 * Takes into the journal what a break-glass script did: each step that its log says is done is proven against the world first. Nothing
 * is written before that but what the world is; the last checks need to know it. What is left can be taken back by a rollback.
 * @throws SwitchbackError `PreconditionFailed` (no script has run, or it is accepted already), `Conflict` (it still runs),
 * `CheckFailed` (nothing could be proven)
 */
export async function acceptBreakGlass(request: AcceptRequest, deps: AcceptDependencies): Promise<Acceptance> {
  const { target } = request;
  const opened = await deps.access.open(target);
  const state = await opened.journal.refresh();
  await refuseLivingScript(state);
  const log = await readScriptLog(opened.home.root, target);
  const ordinal = state.rollbacks + 1;
  if (log.run !== breakGlassRun(ordinal)) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `what the last break-glass script of ${target} did is in the journal already`,
    );
  }
  const { sealed, sealedOf } = await openHome(target, opened, state);
  const planOf = (id: string) => sealedOf(id)?.plan;
  const rollback = planRollback(state, { request: log.request, plan: sealed.plan, ordinal, planOf });
  const epoch = state.epoch + 1;
  const run = { target, runId: log.run, epoch };
  const parts: ProofParts = {
    ...{
      handlers: deps.handlers,
      check: (checks, context) => deps.check(checks, context),
      proofs: request.proofs,
      state,
    },
    ...{ sealed: sealed.files, containers: log.containers },
    contextOf: (operation, runId = log.run) =>
      effectContext(opened, { ...sealed, runId }, { ...run, runId }, operation, 1, deps.secrets, deps.surroundings),
  };
  const [checks, effects] = [true, false].map((wanted) =>
    rollback.operations.filter(({ kind }) => (kind === 'runChecks') === wanted),
  ) as [Operation[], Operation[]];
  const judged = await proveAll(effects, log, parts);
  const proven = (list: readonly Judged[]) => list.filter((one): one is Proven => 'result' in one.proof);
  if (proven(judged).length === 0) {
    const why = judged.map(({ proof }) => ('why' in proof ? proof.why : '')).at(0) ?? 'it did nothing';
    throw new SwitchbackError('CheckFailed', `nothing that the script did can be proven: ${why}`, {
      hint: 'Run the script again: what is done is not done twice.',
    });
  }
  const interrupted = unfinishedRun(state)?.id;
  const known = state.runs.some(({ id }) => id === log.run);
  await takeOver({ opened, run, sealed, by: request.by, known });
  for (const { operation, proof } of proven(judged)) {
    if (!proof.prepared) continue;
    // As the worker does with what an earlier attempt had done: later operations need to know of the world.
    const handler = handlerOf(deps.handlers, operation.kind);
    await handler.adopt?.(operation.input, parts.contextOf(operation), proof.prepared);
  }
  judged.push(...(await proveAll(checks, log, parts)));
  const accepted = proven(judged);
  const left = judged.flatMap(({ operation: { id, summary }, proof }) =>
    'why' in proof ? [{ operation: id, summary, why: proof.why }] : [],
  );
  const { by, reason } = request;
  const complete = left.length === 0;
  await writeAcceptance({ opened, interrupted, run, rollback, by, reason, accepted, complete });
  const startedAt = log.lines[0]!.at;
  const finishedAt = log.lines.findLast(({ event }) => settledEvents.includes(event))?.at ?? startedAt;
  const { files } = await reportRollback(
    {
      ...{ run, rollback, reason, by, consistent: complete, startedAt, finishedAt },
      recovery: { execution: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 },
      timeline: log.lines.map(({ at, event, step, text }) => ({ at, text: `script: ${event}, step ${step}: ${text}` })),
    },
    opened,
  );
  await saveBreakGlass(await openHome(target, opened));
  const told = accepted.map(({ operation: { id, summary }, proof: { result } }) => ({
    ...{ operation: id, summary, proof: `${result.check}: ${result.detail}` },
  }));
  return { target, run: log.run, to: rollback.to, accepted: told, left, files };
}
