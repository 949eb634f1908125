import { SwitchbackError } from '../../../runbook/errors.ts';

export type Compression = 'gzip' | 'zstd';

/** zstd is known to `pg_dump` from 16 on; an archive of 16 needs a reader of 16 or newer whatever its compression. */
export const compressionFor = (clientMajor: number): Compression => (clientMajor >= 16 ? 'zstd' : 'gzip');

/** Runs a dump; with gzip where the tool turns out to be built without zstd, which it says before it does anything. Returns how. */
export async function orGzip(
  compression: Compression,
  dump: (compression: Compression) => Promise<void>,
): Promise<Compression> {
  try {
    await dump(compression);
    return compression;
  } catch (error) {
    const lacking = error instanceof SwitchbackError && /build does not support compression/i.test(error.message);
    if (compression === 'gzip' || !lacking) throw error;
    await dump('gzip');
    return 'gzip';
  }
}

/** What every dump into a folder has in common. */
export const dumpArguments = (snapshot: string, compression: Compression = 'gzip') => [
  '--format=directory',
  // Fast rather than small: the time that a backup takes is time that people wait. A number alone is gzip to every version.
  compression === 'zstd' ? '--compress=zstd:1' : '--compress=1',
  ...everyDump(snapshot),
];

/** What every dump into a stream has in common; it is packed after it, by all processors. */
export const streamArguments = (snapshot: string) => ['--format=custom', '--compress=0', ...everyDump(snapshot)];

const everyDump = (snapshot: string) => [
  `--snapshot=${snapshot}`,
  '--no-password',
  '--lock-wait-timeout=60000',
  // Sealing the point forces every file to disk.
  '--no-sync',
];
