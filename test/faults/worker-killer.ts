import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readUpRecord } from '../../client/settings/up-record.ts';
import type { Place } from '../../examples/demo/place.ts';
import { Journal, targetHome } from '../../journal/index.ts';

/** A moment in a run: so many milliseconds after an operation's intent was written. */
export interface KillPoint {
  /** What the operation's id contains. */
  operation: string;
  afterMs: number;
}

export interface Killed {
  operation: string;
  pid: number;
  /** Whether the operation had no receipt when the worker died. */
  inTheMiddle: boolean;
}

/** How often the journal is looked at, in milliseconds: shorter than any operation takes. */
const lookEvery = 5;

/**
 * Kills the worker with SIGKILL at each of the points, in the order in which they come, and waits until `switchback up` has
 * started another one. Ends when all points were met or the signal aborts.
 */
export async function killWorkerAt(
  place: Place,
  points: readonly KillPoint[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Killed[]> {
  const left = [...points];
  const killed: Killed[] = [];
  const journal = await Journal.open(targetHome(place.project, { SWITCHBACK_HOME: place.home }).journal);
  while (left.length > 0 && !signal.aborted) {
    const state = await journal.refresh();
    const begun = [...state.operations.values()].map((known) => known.operation.id);
    const index = left.findIndex(({ operation }) => begun.some((id) => id.includes(operation)));
    const point = left[index];
    if (!point) {
      await wait(lookEvery);
      continue;
    }
    left.splice(index, 1);
    await wait(point.afterMs);
    const pid = (await readUpRecord(place.home))?.worker?.pid;
    if (pid === undefined) throw new Error('no worker is up that could be killed');
    process.kill(pid, 'SIGKILL');
    const operation = [...(await journal.refresh()).operations.values()].find((known) =>
      known.operation.id.includes(point.operation),
    );
    killed.push({
      operation: operation?.operation.id ?? point.operation,
      pid,
      inTheMiddle: operation?.receipt === undefined,
    });
    // The supervisor starts another one; this waits until it is ready.
    await whenReplaced(place, pid);
    await promisify(execFile)(process.execPath, [join(place.root, 'dist/client/main.js'), 'up', '--detach'], {
      cwd: place.shop,
      env: environment,
    });
  }
  return killed;
}

async function whenReplaced({ home }: Place, pid: number): Promise<void> {
  for (let waited = 0; (await readUpRecord(home))?.worker?.pid === pid; waited += 100) {
    if (waited > 120_000) throw new Error(`worker ${pid} was not replaced`);
    await wait(100);
  }
}
