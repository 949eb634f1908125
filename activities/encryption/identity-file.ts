import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { HelperMount } from '../docker/index.ts';
import type { Encrypted, Encryption } from './encryption.ts';

/**
 * Hands the plan's private key to helper containers by a file that only this user can read, for as long as they run. In argv everybody would
 * see it, in a container's environment everybody who can inspect it.
 * @param file its path: the same in every attempt, so that a helper that an earlier one started is adopted; the successor writes it anew
 * @throws `PreconditionFailed` where the plan names no private key
 */
export async function withIdentity<T>(
  file: string,
  encryption: Encryption | undefined,
  encrypted: Encrypted,
  work: (mount: HelperMount) => Promise<T>,
): Promise<T> {
  const read = requireIdentity(encryption, encrypted);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // A helper that runs already keeps the file that it was given: none is ever written over.
  const fresh = `${file}.partial`;
  await rm(fresh, { force: true });
  await writeFile(fresh, `${await read()}\n`, { mode: 0o600, flag: 'wx' });
  await rename(fresh, file);
  try {
    return await work({ type: 'bind', source: file, target: '/identity', readOnly: true });
  } finally {
    await rm(file, { force: true });
  }
}

/** @throws `PreconditionFailed` where the plan names no private key for what is encrypted */
export function requireIdentity(encryption: Encryption | undefined, { what, to }: Encrypted): () => Promise<string> {
  if (encryption?.identity) return encryption.identity;
  throw new SwitchbackError(
    'PreconditionFailed',
    `${what} is encrypted to ${to.join(', ')}, and the plan names no private key`,
    {
      hint: 'Name it by reference, e.g. `repository: { kind: folder, encrypt: { to: [], identity: "${file:/etc/switchback/age.key}" } }`.',
      facts: { to: to.join(', ') },
    },
  );
}
