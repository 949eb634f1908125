import { breakGlassHolder } from '../../runbook/break-glass/index.ts';
import type { RunRef } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { RollbackPlan } from '../../runbook/rollback.ts';
import type { OpenTarget, SealedRun } from '../perform/target-access.ts';
import type { Proven } from './prove-all.ts';

/** The run that a script's work is booked to. */
interface Takeover {
  opened: OpenTarget;
  run: RunRef;
  sealed: SealedRun;
  by: string;
  /** Whether an earlier acceptance, which did not come to its end, has opened that run. */
  known: boolean;
}

/** A script's work with its proofs. */
interface Acceptable {
  opened: OpenTarget;
  /** Id of the run that the script has interrupted. */
  interrupted: string | undefined;
  run: RunRef;
  rollback: RollbackPlan;
  by: string;
  reason: string;
  accepted: readonly Proven[];
  /** Whether that is all of the rollback. */
  complete: boolean;
}

const holder = () => ({ workflowId: breakGlassHolder, workflowRunId: `accept/${process.pid}` });

/**
 * Takes the lease from the script, and opens the run that its work is booked to. Can be called again after a crash.
 * @throws SwitchbackError `Conflict` when somebody else has taken the lease since the proofs were taken
 */
export async function takeOver({ opened, run, sealed, by, known }: Takeover): Promise<void> {
  const { plan } = sealed;
  const manifest = await opened.content.keep(Buffer.from(JSON.stringify({ ...sealed, runId: run.runId })));
  const sealing: JournalEntry = {
    ...{ type: 'run-sealed', plan: plan.name, planDigest: plan.digest, manifest, operator: by },
    phases: plan.phases.map(({ id }) => id),
  };
  const opening: JournalEntry[] = known
    ? []
    : [sealing, { type: 'run-state', state: 'rolling-back', reason: 'by the break-glass script' }];
  await opened.journal.appendIf(
    { run: run.runId, epoch: run.epoch, entries: [{ type: 'lease-taken', holder: holder() }, ...opening] },
    (now) =>
      now.epoch === run.epoch - 1
        ? undefined
        : new SwitchbackError('Conflict', `the lease of ${run.target} was taken by somebody else just now`),
  );
}

/** Writes what was proven, ends the run that the script has interrupted, and gives the lease back. */
export async function writeAcceptance(work: Acceptable): Promise<void> {
  const { opened, interrupted, run, rollback, by, complete } = work;
  const { runId, epoch } = run;
  const reason = work.reason.slice(0, 500);
  const state = complete ? 'rolled-back' : 'aborted';
  if (interrupted !== undefined && interrupted !== runId) {
    const over: JournalEntry = { type: 'run-state', state, reason: `by the break-glass script, booked to ${runId}` };
    await opened.journal.append({ run: interrupted, epoch, key: `${runId}:over`, entries: [over] });
  }
  const ordinal = rollback.ordinal;
  const entries: JournalEntry[] = [
    {
      ...{ type: 'rollback-planned', rollback: ordinal, to: rollback.to, reason },
      ...{ operations: rollback.operations.length, restoreData: rollback.restored.length > 0 },
    },
    ...work.accepted.map(({ operation, proof }) => ({
      ...{ type: 'done-by-hand' as const, operation, by, reason, proof: [proof.result] },
    })),
    ...rollback.phases.map(({ id, ordinal: place, title, run: of }) => ({
      ...{ type: 'phase-state' as const, phase: id, ordinal: place, title, reason, ...(of !== undefined && { of }) },
      state: complete ? ('rolled-back' as const) : ('rolling-back' as const),
    })),
  ];
  const phases = rollback.phases.map(({ id }) => id);
  if (complete) entries.push({ type: 'rollback-finished', rollback: ordinal, phases, consistent: true });
  entries.push(
    { type: 'run-state', state, reason: complete ? reason : `${reason}; not all of it could be proven` },
    { type: 'lease-released', holder: holder() },
  );
  await opened.journal.append({ run: runId, epoch, key: `${runId}:accepted`, entries });
}
