import { join } from 'node:path';
import { ContentStore } from '../../journal/content-store.ts';
import { readJournal } from '../../journal/journal.ts';
import { targetHome, type TargetHome } from '../../journal/target-home.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JournalRecord } from '../../runbook/journal.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import type { Settings } from '../settings/settings.ts';

/** What this machine's disk knows of a target. */
export interface LocalTarget {
  target: string;
  home: TargetHome;
  records: JournalRecord[];
  state: TargetState;
  /** Lines that could not be read: a torn tail after a crash. */
  damaged: number;
  /** Time of the newest line (ISO 8601). */
  asOf: string;
}

const homeFor = (target: string, { home }: Pick<Settings, 'home'>) => targetHome(target, { SWITCHBACK_HOME: home });

/**
 * Reads a target's journal on this machine; undefined when there is none here, which is so on every machine but the home host.
 * @throws SwitchbackError `AccessDenied` when it belongs to somebody else, `IntegrityFailed` when it is damaged.
 */
export async function readLocalTarget(
  target: string,
  settings: Pick<Settings, 'home'>,
): Promise<LocalTarget | undefined> {
  const home = homeFor(target, settings);
  try {
    const { records, state, damaged } = await readJournal(home.journal);
    const newest = records.at(-1);
    return newest && { target, home, records, state, damaged, asOf: newest.at };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new SwitchbackError('AccessDenied', `the journal ${home.journal} may not be read by this user`, {
        hint: 'Ask as the user whom the worker runs as.',
      });
    }
    throw error;
  }
}

/** @throws SwitchbackError `PreconditionFailed` when the journal is not on this machine. */
export async function requireLocalTarget(target: string, settings: Pick<Settings, 'home'>): Promise<LocalTarget> {
  const local = await readLocalTarget(target, settings);
  if (local) return local;
  throw new SwitchbackError(
    'PreconditionFailed',
    `no journal of ${target} is on this machine (${homeFor(target, settings).journal})`,
    {
      hint: 'Ask on the home host, where its worker runs, or name another folder by --home or SWITCHBACK_HOME.',
    },
  );
}

/** The plan that a run follows, as it was sealed at its start. @throws SwitchbackError `IntegrityFailed` */
export async function sealedPlan(
  { home, state, target }: LocalTarget,
  settings: Pick<Settings, 'home'>,
  runId?: string,
): Promise<CompiledPlan> {
  const run =
    runId === undefined
      ? (state.runs.at(-1) ?? state.tasks.at(-1))
      : state.runs.findLast((candidate) => candidate.id === runId);
  if (!run) throw new SwitchbackError('PreconditionFailed', `the journal of ${target} knows no run ${runId ?? 'yet'}`);
  const content = await ContentStore.open(home.content, join(settings.home, 'content.key'));
  const sealed = JSON.parse((await content.kept(run.manifest)).toString('utf8')) as { plan: CompiledPlan };
  return sealed.plan;
}
