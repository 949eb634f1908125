import { setTimeout as wait } from 'node:timers/promises';
import type { RunState } from '../../../runbook/run-state.ts';
import { drawFaults, type Fault } from './faults.ts';
import type { ChaosStage } from './stage.ts';

export interface Told {
  /** What struck, and what the operator typed, in order, with seconds since the beginning. */
  log: string[];
  /** Faults that were drawn, and those whose moment came. */
  drawn: number;
  struck: number;
  seconds: number;
  /** Longest time in seconds without a word in the journal, although the run was at work and no fault was. */
  silentSeconds: number;
  end: RunState | 'too late';
}

/** Longer than any case has taken by far. */
const patienceMs = 8 * 60_000;

/** What a patient operator types in each state in which a run stands still. */
const answers: Partial<Record<RunState, string[]>> = {
  'awaiting-operator': ['retry'],
  'rollback-paused': ['resume'],
  paused: ['resume'],
};

/**
 * Runs the plan and takes it back to the baseline, while faults strike; in every third case the way back is asked for in the
 * middle of the way there. An operator answers whenever the run stands still and no fault is at work.
 * @param lines how many journal lines an undisturbed case has; 0 for that one itself, which has no faults
 */
export function runCase(stage: ChaosStage, random: (limit: number) => number, lines: number): Promise<Told> {
  const faults = lines === 0 ? [] : drawFaults(random, lines);
  const turnAfter = lines > 0 && random(3) === 0 ? 5 + random(Math.floor(lines / 2)) : Number.POSITIVE_INFINITY;
  return new Case(stage, faults, turnAfter).run();
}

class Case {
  readonly #log: string[] = [];
  readonly #began = Date.now();
  readonly #atWork = new Set<Promise<void>>();
  readonly #left: Fault[];
  #linesBefore = 0;
  #lines = 0;
  #lastWord = Date.now();
  #silentSeconds = 0;

  constructor(
    private readonly stage: ChaosStage,
    private readonly faults: Fault[],
    private readonly turnAfter: number,
  ) {
    this.#left = [...faults];
  }

  async run(): Promise<Told> {
    this.#linesBefore = await this.stage.journalLines();
    const end = await this.#untilBack();
    await Promise.all(this.#atWork);
    if (this.stage.workers.size === 0) this.stage.startWorker();
    return {
      log: this.#log,
      drawn: this.faults.length,
      struck: this.faults.length - this.#left.length,
      seconds: (Date.now() - this.#began) / 1000,
      silentSeconds: this.#silentSeconds,
      end,
    };
  }

  async #untilBack(): Promise<Told['end']> {
    const before = (await this.stage.status())?.runId;
    let turnedRun: string | undefined;
    while (Date.now() - this.#began < patienceMs) {
      await wait(300);
      await this.#listen();
      if (this.#atWork.size > 0) continue;
      if (this.stage.workers.size === 0) this.stage.startWorker();
      const status = await this.stage.status();
      if (status === undefined || status.runId === before) {
        await this.#type('start');
        await this.#untilOpened(before);
        continue;
      }
      const { state, runId, lost } = status;
      if (state === 'rolled-back' || state === 'aborted' || state === 'failed') return state;
      const turns = state === 'completed' || (state === 'running' && this.#lines >= this.turnAfter);
      if (lost) await this.#type('reconcile', '--go-on');
      else if (turns && turnedRun !== runId) {
        if ((await this.#type('rollback', '--to', 'baseline', '--reason', 'a case')) === 0) turnedRun = runId;
      } else if (answers[state]) await this.#type(...answers[state]);
    }
    return 'too late';
  }

  /** A run that was accepted stands in the journal once a worker has opened it. */
  async #untilOpened(before: string | undefined): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      await wait(200);
      await this.#listen();
      const opened = (await this.stage.journal.refresh()).runs.at(-1)?.id;
      if (opened !== undefined && opened !== before) return;
    }
  }

  /** Takes note of new journal lines, and lets strike what was waiting for them. */
  async #listen(): Promise<void> {
    const lines = (await this.stage.journalLines()) - this.#linesBefore;
    const state = this.stage.journal.state.runs.at(-1)?.state;
    const working = state === 'running' || state === 'rolling-back';
    if (lines !== this.#lines || this.#atWork.size > 0 || !working) this.#lastWord = Date.now();
    this.#lines = lines;
    this.#silentSeconds = Math.max(this.#silentSeconds, (Date.now() - this.#lastWord) / 1000);
    while (this.#left[0] !== undefined && lines >= this.#left[0].afterLines) this.#strike(this.#left.shift()!);
  }

  #strike(fault: Fault): void {
    const striking = wait(fault.delayMs)
      .then(() => (this.#tell(`${fault.kind} ${fault.what}`), fault.strike(this.stage)))
      .then(() => this.#tell(`${fault.kind} is over`))
      .catch((error: unknown) => this.#tell(`${fault.kind} COULD NOT BE LIFTED: ${String(error)}`))
      .finally(() => this.#atWork.delete(striking));
    this.#atWork.add(striking);
  }

  async #type(...words: string[]): Promise<number> {
    const { code, error } = await this.stage.type(...words);
    this.#tell(`switchback ${words.join(' ')}: ${code} ${code === 0 ? '' : (error.trim().split('\n')[0] ?? '')}`);
    this.#lastWord = Date.now();
    return code;
  }

  #tell(text: string): void {
    this.#log.push(`${((Date.now() - this.#began) / 1000).toFixed(1)} s  ${text}`);
  }
}
