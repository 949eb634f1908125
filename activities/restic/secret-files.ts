import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { RepositoryRef } from '../../runbook/compiled-plan.ts';
import type { HelperJob } from '../volumes/run-volume-helper.ts';

/** A repository, and how the references in what is known of it are resolved. */
export interface Reach {
  repository: RepositoryRef;
  /** See `EffectContext.secret`. */
  secret(template: string): Promise<string>;
}

/**
 * Hands the password of a repository, and what else its client needs, to a helper: as files that only this user can read, for as long as
 * it runs. In a container's environment everybody who can inspect it would see them.
 */
export async function withSecretFiles<T>(
  job: Pick<HelperJob, 'scratch'>,
  reach: Reach,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = `${job.scratch}.secrets`;
  const { repository } = reach;
  const password = await reach.secret(repository.password);
  const settings = await Promise.all(
    Object.entries(repository.environment ?? {}).map(
      async ([name, text]) => `${name}=${quoted(await reach.secret(text))}\n`,
    ),
  );
  // An attempt that was killed could not remove its own.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    await writeFile(join(folder, 'password'), password, { mode: 0o600, flag: 'wx' });
    await writeFile(join(folder, 'environment'), settings.join(''), { mode: 0o600, flag: 'wx' });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
