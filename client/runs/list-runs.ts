import { showsInconsistent } from '../../runbook/consistency.ts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import { isRehearsalTarget } from '../../runbook/names.ts';
import { describeFailure } from '../command-line/failure.ts';
import type { Settings } from '../settings/settings.ts';
import type { TemporalConnection } from '../temporal/connection.ts';
import { readLocalTarget } from './local-target.ts';

/** One target, as the disk and the server know it. */
export interface ListedTarget {
  target: string;
  plan?: string;
  runId?: string;
  state: string;
  startedAt?: string;
  changedAt?: string;
  runs: number;
  /** Where this was learnt. */
  from: 'journal' | 'server' | 'both';
  /** What kept the journal from being read. */
  problem?: string;
}

export interface Listing {
  targets: ListedTarget[];
  /** Why the server is not part of the answer. */
  withoutServer?: string;
}

/** Targets that have a journal on this machine. */
export async function localTargets({ home }: Pick<Settings, 'home'>): Promise<string[]> {
  try {
    const entries = await readdir(join(home, 'targets'), { withFileTypes: true });
    return (
      entries
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        // Clones have homes there as well, for as long as they are.
        .filter((name) => !isRehearsalTarget(name))
        .sort()
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function fromJournals(settings: Settings): Promise<ListedTarget[]> {
  const listed: ListedTarget[] = [];
  for (const target of await localTargets(settings)) {
    try {
      const local = await readLocalTarget(target, settings);
      const run = local?.state.runs.at(-1);
      if (!local || !run) continue;
      listed.push({
        target,
        plan: run.plan,
        runId: run.id,
        state: showsInconsistent(local.state) ? `${run.state}, inconsistent` : run.state,
        startedAt: run.startedAt,
        changedAt: local.asOf,
        runs: local.state.runs.length,
        from: 'journal',
      });
    } catch (error) {
      if (!(error instanceof SwitchbackError)) throw error;
      listed.push({ target, state: 'unreadable', runs: 0, from: 'journal', problem: error.message });
    }
  }
  return listed;
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

async function fromServer(temporal: TemporalConnection): Promise<ListedTarget[]> {
  return temporal.within(temporal.settings.timeoutMs, async () => {
    const listed = new Map<string, ListedTarget>();
    for await (const run of temporal.client.workflow.list({ query: "WorkflowType = 'migration'", pageSize: 200 })) {
      const target = run.workflowId.replace(/^migration\//, '');
      const known = listed.get(target);
      // Newest first: what comes later only counts.
      if (known) {
        known.runs += 1;
        continue;
      }
      const [plan, runId] = [text(run.memo?.['plan']), text(run.memo?.['runId'])];
      listed.set(target, {
        target,
        ...(plan !== undefined && { plan }),
        ...(runId !== undefined && { runId }),
        state: run.status.name === 'RUNNING' ? 'running' : run.status.name.toLowerCase(),
        startedAt: run.startTime.toISOString(),
        ...(run.closeTime && { changedAt: run.closeTime.toISOString() }),
        runs: 1,
        from: 'server',
      });
    }
    return [...listed.values()];
  });
}

/** All targets that this machine or the server knows. The journal's word on the state stands: it knows why a run stands still. */
export async function listTargets(
  settings: Settings,
  connectTo: (settings: Settings) => Promise<TemporalConnection>,
): Promise<Listing> {
  const local = await fromJournals(settings);
  let temporal: TemporalConnection | undefined;
  try {
    temporal = await connectTo(settings);
    const remote = await fromServer(temporal);
    const merged = local.map((mine): ListedTarget =>
      remote.some((theirs) => theirs.target === mine.target) ? { ...mine, from: 'both' } : mine,
    );
    const others = remote.filter((theirs) => !local.some((mine) => mine.target === theirs.target));
    return { targets: [...merged, ...others].sort((a, b) => (a.target < b.target ? -1 : 1)) };
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    return { targets: local, withoutServer: describeFailure(error).message };
  } finally {
    await temporal?.close();
  }
}
