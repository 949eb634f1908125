import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import { attemptVariable, operationVariable, type ProcessMark } from './mark.ts';

/** How long a child may take to end after SIGTERM, and then after SIGKILL, in milliseconds. */
const grace = { term: 2_000, kill: 5_000 };

/**
 * Ends child processes that earlier attempts of an operation left behind: a child outlives its killed worker, and a stopped
 * worker's children go on. Looks at the environment of every process of this user, so nothing has to have been written down.
 * @returns how many were ended
 * @throws SwitchbackError `Busy` when one does not end (uninterruptible I/O): acting beside it is not safe.
 */
export async function endPredecessors(mark: ProcessMark): Promise<number> {
  return endAll(() => predecessors(mark), `an earlier attempt of ${mark.operation}`);
}

/** Processes of this user that were started for operations of a target, whichever run and attempt. */
export async function processesOf(target: string): Promise<{ pid: number; operation: string }[]> {
  const marked = `${operationVariable}=${target}/`;
  const found = await Promise.all(
    (await processIds()).map(async (entry) => {
      const mark = (await environmentOf(Number(entry)))?.find((variable) => variable.startsWith(marked));
      return mark === undefined ? [] : [{ pid: Number(entry), operation: mark.slice(marked.length) }];
    }),
  );
  return found.flat().filter(({ pid }) => pid !== process.pid);
}

/** Ends one of them, if it still is one: a pid may be another process's by now. @throws SwitchbackError `Busy` as above */
export async function endProcessesOf(target: string, pid: number): Promise<number> {
  const still = async () => (await processesOf(target)).filter((found) => found.pid === pid).map((found) => found.pid);
  return endAll(still, `a run of ${target}`);
}

async function endAll(look: () => Promise<number[]>, whose: string): Promise<number> {
  const found = await look();
  if (found.length === 0) return 0;
  for (const [signal, wait] of [
    ['SIGTERM', grace.term],
    ['SIGKILL', grace.kill],
  ] as const) {
    for (const pid of await look()) signalIfThere(pid, signal);
    for (let waited = 0; waited < wait; waited += 50) {
      if ((await look()).length === 0) return found.length;
      await pause(50);
    }
  }
  throw new SwitchbackError('Busy', `process ${(await look()).join(', ')} of ${whose} does not end`);
}

async function predecessors(mark: ProcessMark): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await processIds()) {
    const pid = Number(entry);
    if (pid === process.pid) continue;
    const variables = await environmentOf(pid);
    if (!variables?.includes(`${operationVariable}=${mark.operation}`)) continue;
    if (!variables.includes(`${attemptVariable}=${mark.attempt}`)) found.push(pid);
  }
  return found;
}

async function processIds(): Promise<string[]> {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    // No /proc (macOS): children end with the terminal's session there; the journal's fence still stops their worker.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function environmentOf(pid: number): Promise<string[] | undefined> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
    // A zombie has no environment left, a kernel thread has none at all.
    return environment.length > 1 ? environment : undefined;
  } catch {
    // Gone meanwhile, or another user's: neither is a child of ours.
    return undefined;
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
