import { SwitchbackError } from '../../runbook/errors.ts';
import { finalRunStates, type RunStatus } from '../../runbook/run-state.ts';
import { describeFailure } from '../command-line/failure.ts';
import { workflowPage, type Settings } from '../settings/settings.ts';
import { askRun } from '../temporal/ask-run.ts';
import { findRun, type KnownRun } from '../temporal/find-run.ts';
import type { TemporalConnection } from '../temporal/connection.ts';
import { readLocalTarget, sealedPlan, type LocalTarget } from './local-target.ts';
import { statusFromJournal } from './status-from-journal.ts';

/** A run's status with where it was learnt. */
export interface StatusReport {
  /** `run`: its workflow said so just now. `journal`: the disk of this machine says so, as of `asOf`. */
  source: 'run' | 'journal';
  asOf: string;
  /** Why the run itself could not be asked. */
  because?: string;
  status: RunStatus;
  /** Set when the server says that the workflow has ended although the run has not. */
  ended?: KnownRun['status'];
  ui: string;
}

/**
 * The newest run of a target: from its workflow where one answers, else from the journal on this machine.
 * @returns undefined when neither knows a run
 * @throws SwitchbackError `Unreachable` when the server cannot be asked and no journal is here either
 */
export async function readStatus(
  target: string,
  settings: Settings,
  connectTo: (settings: Settings) => Promise<TemporalConnection>,
): Promise<StatusReport | undefined> {
  let temporal: TemporalConnection | undefined;
  try {
    temporal = await connectTo(settings);
    return await statusOver(temporal, target);
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    const report = await fromJournal(target, settings, describeFailure(error).message);
    if (report === undefined) throw error;
    return report;
  } finally {
    await temporal?.close();
  }
}

/** The same over a connection that is open already: what `watch` asks every second. */
export async function statusOver(temporal: TemporalConnection, target: string): Promise<StatusReport | undefined> {
  const { settings } = temporal;
  const known = await findRun(temporal, target);
  if (known === undefined)
    return fromJournal(target, settings, `the server ${settings.address} knows no run of ${target} (any more)`);
  const ui = workflowPage(settings, known.workflowId);
  try {
    const status = await askRun(temporal, known);
    if (!known.open && status.state === 'starting') {
      // Refused, so there was no such run: the newest one is that before it.
      const report = await fromJournal(target, settings, `what was asked for last, ${status.runId}, was not opened`);
      if (report) return report;
    }
    const ended = !known.open && !finalRunStates.includes(status.state);
    return { source: 'run', asOf: new Date().toISOString(), status, ui, ...(ended && { ended: known.status }) };
  } catch (error) {
    const because = describeFailure(error).message;
    const report = await fromJournal(target, settings, because);
    if (report)
      return {
        ...report,
        ...(!known.open && !finalRunStates.includes(report.status.state) && { ended: known.status }),
      };
    throw error instanceof SwitchbackError
      ? error
      : new SwitchbackError('Unreachable', `the run of ${target} does not answer: ${because}`, {
          hint: `Look at its workflow in the Temporal UI: ${ui}`,
        });
  }
}

async function fromJournal(target: string, settings: Settings, because: string): Promise<StatusReport | undefined> {
  const local = await readLocalTarget(target, settings);
  if (!local) return undefined;
  const status = statusFromJournal(local, await planIfSealed(local, settings));
  return (
    status && {
      source: 'journal',
      asOf: local.asOf,
      because,
      status,
      ui: workflowPage(settings, `migration/${target}`),
    }
  );
}

async function planIfSealed(local: LocalTarget, settings: Settings) {
  if (local.state.runs.length === 0) return undefined;
  try {
    return await sealedPlan(local, settings);
  } catch (error) {
    // The plan only adds titles of phases that have not begun; its loss is reported by whatever needs it.
    if (error instanceof SwitchbackError) return undefined;
    throw error;
  }
}
