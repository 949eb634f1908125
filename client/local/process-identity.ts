import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { StartedProcess } from '../settings/up-record.ts';

const run = promisify(execFile);

/**
 * When a process was started, as the system writes it; undefined when there is none. Pids are used again, so a pid alone never
 * says that a process is ours.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // The command, in brackets, may hold blanks and brackets itself: the fields are counted from behind it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended and only waits to be read.
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      // No such process.
      return undefined;
    }
  }
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 5_000 });
    return stdout.trim() || undefined;
  } catch {
    // ps exits 1 when there is no such process.
    return undefined;
  }
}

/** Whether a process that was written down still runs. */
export async function isRunning(written: StartedProcess | undefined): Promise<boolean> {
  return written !== undefined && (await startOf(written.pid)) === written.started;
}
