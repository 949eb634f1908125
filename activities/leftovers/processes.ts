import { endProcessesOf, processesOf } from '../processes/end-predecessor.ts';
import type { Leftover } from './leftover.ts';

/** Processes that attempts of a target's operations started and that outlived their worker. */
export async function leftProcesses(target: string): Promise<Leftover[]> {
  return (await processesOf(target)).map(({ pid, operation }) => ({
    what: `process ${pid}`,
    why: `started for ${operation}`,
    command: `kill ${pid}`,
    tidy: async () => {
      await endProcessesOf(target, pid);
    },
  }));
}
