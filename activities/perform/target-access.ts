import { readFile, realpath } from 'node:fs/promises';
import { join, relative, isAbsolute } from 'node:path';
import {
  ContentStore,
  ensureTargetHome,
  Journal,
  switchbackHome,
  targetHome,
  type TargetHome,
} from '../../journal/index.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { maskProse } from '../../runbook/masking/mask-value.ts';
import { maskerFor } from '../masking/index.ts';
import { announce } from './announce.ts';

/** What is written when a run is sealed: the plan as it will be followed, and the digest of every file that it names. */
export interface SealedRun {
  format: 1;
  runId: string;
  plan: CompiledPlan;
  files: Record<string, string>;
}

/** An open target: its folders, journal and content store. */
export interface OpenTarget {
  home: TargetHome;
  journal: Journal;
  content: ContentStore;
  /** The sealed run of that id. @throws IntegrityFailed */
  sealedRun(runId: string): Promise<SealedRun>;
}

/** Opens targets once a process: the journal's state is kept up to date by reading on. */
export class TargetAccess {
  readonly #open = new Map<string, Promise<OpenTarget>>();

  /** @param announced whether this process works on the targets that it opens: a break-glass script then refuses to run beside it */
  constructor(
    private readonly environment: NodeJS.ProcessEnv = process.env,
    private readonly announced = false,
  ) {}

  open(target: string): Promise<OpenTarget> {
    let opened = this.#open.get(target);
    if (!opened) {
      opened = this.#openTarget(target);
      this.#open.set(target, opened);
      // A failure is not remembered: the next attempt reads again.
      opened.catch(() => this.#open.delete(target));
    }
    return opened;
  }

  /** The home of a target is about to be removed, or was: what is known of it is not true any more. */
  forget(target: string): void {
    this.#open.delete(target);
  }

  async #openTarget(target: string): Promise<OpenTarget> {
    const home = targetHome(target, this.environment);
    ensureTargetHome(home);
    if (this.announced) await announce(home.root);
    const content = await ContentStore.open(home.content, join(switchbackHome(this.environment), 'content.key'));
    const journal = await Journal.open(home.journal);
    journal.told = (entry) => maskProse(entry, maskerFor(target));
    const sealed = new Map<string, SealedRun>();
    return {
      home,
      content,
      journal,
      sealedRun: async (runId) => {
        const known = sealed.get(runId);
        if (known) return known;
        await journal.refresh();
        const named = ({ id }: { id: string }) => id === runId;
        const record = journal.state.runs.findLast(named) ?? journal.state.tasks.findLast(named);
        if (!record) throw new SwitchbackError('IntegrityFailed', `the journal of ${target} knows no run ${runId}`);
        const run = JSON.parse((await content.kept(record.manifest)).toString('utf8')) as SealedRun;
        sealed.set(runId, run);
        return run;
      },
    };
  }
}

/**
 * Reads a file of a stack, following links only as long as they stay inside the stack's directory.
 * @throws SwitchbackError `PlanInvalid` when it is missing or outside.
 */
export async function readStackFile(directory: string, path: string): Promise<Buffer> {
  const root = await realpath(directory);
  let file: string;
  try {
    file = await realpath(join(root, path));
  } catch (error) {
    throw new SwitchbackError('PlanInvalid', `${path} does not exist in ${directory}`, {}, { cause: error });
  }
  const inside = relative(root, file);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw new SwitchbackError('PlanInvalid', `${path} leads outside of ${directory}`, {
      hint: 'A plan names only files inside its stack.',
    });
  }
  return readFile(file);
}
