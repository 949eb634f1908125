import { SwitchbackError } from '../../runbook/errors.ts';
import type { HelperJob } from '../volumes/run-volume-helper.ts';
import { clearDeadLocks } from './clear-dead-locks.ts';
import { exitCodeOf, runResticOnce, type ResticTask } from './run-restic-once.ts';
import type { Reach } from './secret-files.ts';

/**
 * Runs restic in a helper container. Locks that dead helpers of ours have left are removed, and it is tried again.
 * @throws `AccessDenied` (wrong password), `Busy` (locked; says by whom), `PreconditionFailed` (no repository), `Unreachable`,
 * `ResourceExhausted`, `StepFailed` with what restic said
 */
export async function runRestic(job: HelperJob, reach: Reach, task: ResticTask): Promise<string> {
  try {
    return await runResticOnce(job, reach, task);
  } catch (error) {
    if (exitCodeOf(error) !== 11) throw translated(error, reach);
  }
  await clearDeadLocks(job, reach);
  return runResticOnce(job, reach, task).catch((error: unknown) => {
    throw translated(error, reach);
  });
}

/** The exit codes are restic's own; those from 70 on are of our scripts. */
function translated(error: unknown, { repository: { at } }: Reach): unknown {
  const say = (name: SwitchbackError['name'], message: string, hint: string) =>
    new SwitchbackError(name, message, { hint, facts: { repository: at } }, { cause: error });
  switch (exitCodeOf(error)) {
    case 10:
      return say(
        'PreconditionFailed',
        `there is no restic repository at ${at}`,
        'Is its disk mounted, its bucket there?',
      );
    case 11:
      return say('Busy', `the restic repository ${at} is locked`, 'Somebody works on it just now; retry.');
    case 12:
      return say(
        'AccessDenied',
        `the restic repository ${at} does not open with the plan's password`,
        'Look at `repository.password`: a repository keeps the password that it was made with.',
      );
    case 71:
      return say(
        'Unreachable',
        `the server of repository ${at} does not answer`,
        'Look whether it runs and is reached.',
      );
    case 72:
      return say(
        'Conflict',
        `${at} is neither empty nor a restic repository`,
        'Name a folder of its own under `repository.at`.',
      );
    case undefined:
      return error;
    default:
      return damaged.test((error as SwitchbackError).message)
        ? say(
            'IntegrityFailed',
            `the restic repository ${at} is damaged: ${(error as SwitchbackError).message}`,
            wayOut,
          )
        : error;
  }
}

const wayOut =
  'What it can still give back is shown by `switchback backup verify`; take new backups into another repository.';

/** What restic says of a piece that is not what its name says, or that is gone. `<` stands in its JSON as an escape. */
const damaged = new RegExp(
  [
    'ciphertext verification failed',
    '(Load|ReadFull)\\(.{1,8}(data|index|snapshot)/.*(no such file|does not exist|not found)',
    'not found in (the )?(repository|index)',
    'no matching ID found',
    'invalid data returned',
    'repository contains errors',
    'panic: ',
  ].join('|'),
);
