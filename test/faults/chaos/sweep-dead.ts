import { execa } from 'execa';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { removeNetwork } from './own-network.ts';

/** Start of the name of every stage's folder, with the pid of the test after it. */
export const stagePrefix = 'switchback-chaos-';

/** Ends and removes what stages of tests that were killed have left. */
export async function sweepDeadStages(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(stagePrefix))) {
    const pid = Number(/^\d+/.exec(name.slice(stagePrefix.length))?.[0]);
    if (!(await isGone(pid))) continue;
    await removeStage(join(tmpdir(), name));
    await removeNetwork(pid);
  }
}

/** Ends every process that was started with a path in the folder, its containers included; unmounts and removes it. */
export async function removeStage(folder: string): Promise<void> {
  for (let left = await processesOf(folder); left.length > 0; left = await processesOf(folder)) {
    for (const pid of left) kill(pid);
    await wait(100);
  }
  // Layers that a killed daemon had mounted stay mounted.
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(folder)).reverse())
    await execa('umount', ['--lazy', mount], { reject: false });
  await rm(folder, { recursive: true, force: true });
}

async function processesOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    if (pid === process.pid) continue;
    const [said, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    if (`${said}${environment}`.includes(`${folder}/`)) found.push(pid);
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

async function isGone(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')) === '';
}
