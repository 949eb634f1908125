import { mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTimeOf } from '../compose/process-start.ts';

/**
 * Writes down that this process works on a target, as `workers/PID` with its start time: a break-glass script asks the kernel whether it
 * still runs. What processes that have ended left is swept.
 */
export async function announce(root: string): Promise<void> {
  const folder = join(root, 'workers');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, String(process.pid)), await startTimeOf(process.pid), { mode: 0o600 });
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const started = await readFile(file, 'utf8').catch(() => '');
    if (/^\d+$/.test(name) && (await startTimeOf(Number(name))) === started) continue;
    // Another worker may sweep the same one.
    await unlink(file).catch(() => undefined);
  }
}
