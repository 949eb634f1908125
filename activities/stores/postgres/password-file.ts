import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreUse } from '../store.ts';
import type { Address } from './address.ts';

/**
 * Hands a password to client tools by a file that only this user can read, for as long as they run: in argv everybody would see it, in
 * a container's environment everybody who can inspect it.
 */
export async function withPasswordFile<T>(
  use: StoreUse,
  address: Address,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const owner = createHash('sha256').update(`${use.target}\n${use.run}\n${use.operation}`).digest('hex').slice(0, 16);
  const prefix = `pgpass-${owner}-`;
  await mkdir(use.scratch, { recursive: true, mode: 0o700 });
  // An attempt that was killed could not remove its own.
  for (const name of await readdir(use.scratch)) {
    if (name.startsWith(prefix) && Number(name.slice(prefix.length)) < use.attempt)
      await rm(join(use.scratch, name), { force: true });
  }
  const file = join(use.scratch, `${prefix}${use.attempt}`);
  await writePasswordFile(file, address);
  try {
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

/** Writes a file for client tools, for somebody who removes it. */
export async function writePasswordFile(file: string, { password = '' }: Address): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600, flag: 'wx' });
}
