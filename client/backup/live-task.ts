import type { Context } from '../command-line/context.ts';
import { fit } from '../rendering/table.ts';
import { LiveLines } from '../runs/live-lines.ts';
import { liveActivities } from '../temporal/live-progress.ts';
import type { TemporalConnection } from '../temporal/connection.ts';

/** Where lines stay, one is enough every so often, in milliseconds. */
const noteEvery = 10_000;

/** What work under way does now, from its heartbeats: drawn in place on a terminal, a line now and then elsewhere. */
export class LiveTask {
  readonly #lines = new LiveLines();
  #drawn = false;
  #told = '';
  #toldAt = 0;

  constructor(
    private readonly temporal: TemporalConnection,
    private readonly workflowId: string,
    private readonly context: Pick<Context, 'interactive' | 'json' | 'draw' | 'note' | 'page'>,
  ) {}

  async show(): Promise<void> {
    const { interactive, json, page } = this.context;
    const line = this.#lines.lines(await liveActivities(this.temporal, this.workflowId)).join('; ');
    if (line === '') return;
    if (interactive && !json) {
      this.context.draw(`\r\u001b[2K${fit(line, page.width)}`);
      this.#drawn = true;
      return;
    }
    const doing = line.replace(/ \[.*/, '');
    if (doing === this.#told && Date.now() - this.#toldAt < noteEvery) return;
    this.#told = doing;
    this.#toldAt = Date.now();
    this.context.note(line);
  }

  end(): void {
    if (this.#drawn) this.context.draw('\r\u001b[2K');
  }
}
