import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import type { HelperJob } from '../volumes/run-volume-helper.ts';
import { locksScript, unlockScript } from './restic-scripts.ts';
import { holderPrefix, runResticOnce } from './run-restic-once.ts';
import type { Reach } from './secret-files.ts';

/** A lock as it lies in the repository. */
interface Lock {
  time: string;
  exclusive: boolean;
  hostname: string;
  username: string;
  pid: number;
}

/**
 * Removes the locks of helpers of this engine that are gone, and no others.
 * @throws `Busy` that names the holder of a lock that is not ours, or whose helper is at work
 */
export async function clearDeadLocks(job: HelperJob, reach: Reach): Promise<void> {
  const told = await runResticOnce(job, reach, { role: 'locks', script: locksScript, args: [] });
  const locks = told.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Lock] : []));
  const dead = new Set<string>();
  for (const lock of locks) {
    if (await isDead(job, lock.hostname)) dead.add(lock.hostname);
    else throw heldBy(lock, reach);
  }
  // restic removes what a process of the same host has left which is gone: the helper has the host name, and no such process.
  for (const hostname of dead) {
    await runResticOnce(job, reach, { role: 'unlock', script: unlockScript, args: [], hostname });
  }
}

async function isDead(job: HelperJob, hostname: string): Promise<boolean> {
  if (!hostname.startsWith(await holderPrefix(job.engine))) return false;
  const holders = await job.engine.listByLabel({ [labels.holder]: hostname }, { signal: job.signal });
  return holders.every(({ State }) => State === 'exited' || State === 'dead');
}

function heldBy({ hostname, username, pid, time }: Lock, { repository: { at } }: Reach): SwitchbackError {
  return new SwitchbackError(
    'Busy',
    `the restic repository ${at} is locked by ${username} on ${hostname}, process ${pid}, since ${time.slice(0, 19)}`,
    {
      hint: 'Wait until it has ended. If nothing of that name is at work any more: `restic unlock`.',
      facts: { repository: at, hostname, username, pid, since: time },
    },
  );
}
