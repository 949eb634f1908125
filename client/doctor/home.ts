import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '../rendering/quantity.ts';
import { missing, ok, warning, type Finding, type Machine } from './finding.ts';

/** Less than this cannot hold the backup of anything that is worth a migration. */
const tightBytes = 2 * 1024 ** 3;

async function nearestExisting(folder: string): Promise<string> {
  for (let current = folder; ; current = dirname(current)) {
    try {
      await stat(current);
      return current;
    } catch {
      // Not made yet: `up` and the worker will make it below whatever is there.
      if (current === dirname(current)) return current;
    }
  }
}

export async function lookAtHome({ settings }: Machine): Promise<Finding[]> {
  const { home } = settings;
  const there = await nearestExisting(home);
  const findings: Finding[] = [];
  try {
    await access(there, constants.W_OK | constants.X_OK);
    const { mode } = await stat(there);
    const open = there === home && (mode & 0o077) !== 0;
    findings.push(
      open
        ? warning(
            'home',
            `${home} can be read by others (mode ${(mode & 0o777).toString(8)})`,
            `It will hold backups and env files: chmod 700 ${home}`,
          )
        : ok('home', there === home ? home : `${home} (will be made)`),
    );
  } catch (error) {
    findings.push(
      missing(
        'home',
        `${there} may not be written by this user: ${(error as Error).message}`,
        'Name another folder by SWITCHBACK_HOME.',
      ),
    );
  }
  const { bavail, bsize } = await statfs(there);
  const free = bavail * bsize;
  findings.push(
    free < tightBytes
      ? warning(
          'disk',
          `${formatBytes(free)} free at ${there}`,
          'Recovery points are kept there: free some space, or move SWITCHBACK_HOME to a larger disk.',
        )
      : ok('disk', `${formatBytes(free)} free at ${there}`),
  );
  return findings;
}
