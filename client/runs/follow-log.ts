import type { TimelineEntry } from '../../runbook/run-state.ts';
import type { Context } from '../command-line/context.ts';
import { formatAge, formatClock } from '../rendering/duration.ts';
import { hang } from '../rendering/table.ts';
import type { LiveActivity } from '../temporal/live-progress.ts';
import type { Follower, Look } from './follower.ts';
import { LiveLines } from './live-lines.ts';

/** In a log, progress is worth a line every tenth of the way, or every so often where the way is unknown. */
const share = 0.1;
const everyMs = 15_000;
/** What happened before somebody began to watch is told by `history`; so much of it says where we are. */
const earlierLines = 5;

/** Follows a run in plain lines: one for each entry of its story and each bigger step of what is under way. */
export class FollowLog implements Follower {
  readonly #seen = new Set<string>();
  readonly #live = new LiveLines();
  readonly #told = new Map<string, { doing: string; share: number; at: number }>();
  #source = 'run';
  #lost = false;

  constructor(
    private readonly context: Pick<Context, 'print' | 'note'>,
    private readonly now: () => Date = () => new Date(),
  ) {}

  show({ report, activities }: Look): void {
    this.#lost = false;
    if (report.source !== this.#source) {
      this.#source = report.source;
      if (report.source === 'journal')
        this.context.note(
          `switchback: ${report.because ?? 'the run does not answer'}; showing the journal, ${formatAge(report.asOf, this.now())}`,
        );
    }
    // The journal words the same events differently: mixing both would tell the story twice.
    if (report.source === 'run') this.#story(report.status.timeline);
    for (const activity of activities) this.#progress(activity);
  }

  lost(message: string): void {
    if (!this.#lost) this.context.note(`switchback: ${message}; the run goes on, still trying`);
    this.#lost = true;
  }

  #story(timeline: readonly TimelineEntry[]): void {
    const counts = new Map<string, number>();
    const left = this.#seen.size === 0 ? timeline.length - earlierLines : 0;
    if (left > 0) this.context.note(`switchback: ${left} earlier lines are left out; \`switchback history\` has them`);
    for (const [place, entry] of timeline.entries()) {
      const base = `${entry.at} ${entry.text}`;
      const count = (counts.get(base) ?? 0) + 1;
      counts.set(base, count);
      const key = `${base} ${count}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      if (place < left) continue;
      this.context.print(`${formatClock(entry.at)}  ${hang(entry.text, 10)}`);
    }
  }

  #progress(activity: LiveActivity): void {
    const [line] = this.#live.lines([activity]);
    if (line === undefined || activity.progress === undefined) return;
    const { doing, done, total } = activity.progress;
    const now = this.now().getTime();
    const at = total !== undefined && total > 0 && done !== undefined ? done / total : 0;
    const told = this.#told.get(activity.activity);
    const worth =
      told === undefined ||
      told.doing !== doing ||
      at - told.share >= share ||
      (at !== told.share && now - told.at >= everyMs);
    if (!worth) return;
    this.#told.set(activity.activity, { doing, share: at, at: now });
    this.context.print(`${formatClock(this.now().toISOString())}    ${line}`);
  }
}
