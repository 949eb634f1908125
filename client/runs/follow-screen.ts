import type { Context } from '../command-line/context.ts';
import { statusPage } from '../rendering/status-page.ts';
import { fit } from '../rendering/table.ts';
import type { Follower, Look } from './follower.ts';
import { LiveLines } from './live-lines.ts';

const up = (lines: number) => (lines > 0 ? `\u001b[${lines}A` : '');
const clearBelow = '\u001b[0J';

/** Follows a run on a terminal: the status page, drawn again in place. */
export class FollowScreen implements Follower {
  readonly #live = new LiveLines();
  #drawn = 0;
  #last: string[] = [];

  constructor(private readonly context: Pick<Context, 'page' | 'draw'>) {}

  show({ report, activities }: Look): void {
    this.#last = statusPage(report, this.context.page, {
      now: new Date(),
      live: this.#live.lines(activities),
      story: 10,
    });
    this.#draw([...this.#last, '', this.context.page.style.dim('Ctrl-C stops watching; the run goes on')]);
  }

  lost(message: string): void {
    this.#draw([...this.#last, '', this.context.page.style.yellow(`${message}; still trying`)]);
  }

  #draw(lines: readonly string[]): void {
    // A page higher than the terminal would scroll away from under the cursor: its end is what matters then.
    const { width } = this.context.page;
    const height = (process.stdout.rows || 50) - 1;
    const shown = lines
      .flatMap((line) => line.split('\n'))
      .slice(-height)
      .map((line) => fit(line, width));
    this.context.draw(`${up(this.#drawn)}\r${clearBelow}${shown.join('\n')}\n`);
    this.#drawn = shown.length;
  }
}
