import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { execa } from '../../processes/execa.ts';
import type { Snapshot, StoreUse } from '../store.ts';
import type { Address } from './address.ts';
import { takeCensus, writeExpiring, type Canary } from './canary.ts';
import type { Connection } from './connection.ts';
import { snapshotFile, withScratchServer } from './scratch-server.ts';
import { serverFacts } from './server.ts';
import { redisError } from './translate-error.ts';

/**
 * Fetches a snapshot of one moment from the server as a replica does, loads it in a server of its own, and says what is in it: never
 * what is in the live one, which moves on.
 * @throws `Unsupported` (encrypted points), and what `redisError` and `withScratchServer` throw
 */
export async function takeSnapshot(
  connection: Connection,
  address: Address,
  folder: string,
  use: StoreUse,
): Promise<Snapshot> {
  if (use.encryption.to.length > 0) {
    throw new SwitchbackError('Unsupported', `the backup of store ${use.store} cannot be encrypted with age`, {
      hint: 'Back it up into a repository of restic, which encrypts all that is in it.',
    });
  }
  const facts = await serverFacts(connection, use);
  if (facts.evicts) {
    throw new SwitchbackError('PreconditionFailed', `the server of store ${use.store} evicts keys as it likes`, {
      hint: 'A cache needs no backup. What must not be lost needs `maxmemory-policy noeviction`, or a policy for keys that expire.',
    });
  }
  const [seconds, micros] = await connection.list('TIME');
  const takenAt = new Date(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)).toISOString();
  await fetchSnapshot(address, join(folder, snapshotFile), use);
  // More than any server has by default, and cheap.
  const databases = Math.max(1024, address.database + 1, ...facts.filled.map((number) => number + 1));
  return withScratchServer({ folder, databases, database: address.database }, use, async (scratch) => {
    const census = await takeCensus(scratch, use, 'reading the snapshot');
    await writeExpiring(folder, census);
    const memoryBytes = Number(/used_memory_dataset:(\d+)/.exec(await scratch.text('INFO', 'memory'))?.[1] ?? 0);
    const { keys, hash, expiring } = census;
    const about = { format: 1, takenAt, database: address.database, databases, memoryBytes } as const;
    return { canary: { ...about, keys, hash, expiring: expiring.size } satisfies Canary };
  });
}

/** The password goes by stdin: neither the arguments nor the environment of a process are private. */
async function fetchSnapshot(address: Address, file: string, use: StoreUse): Promise<void> {
  const { at, tls, user, password } = address;
  const place = 'path' in at ? ['-s', at.path] : ['-h', at.host, '-p', String(at.port)];
  const who = password === undefined ? [] : ['--askpass', ...(user === undefined ? [] : ['--user', user])];
  const argv = ['--no-auth-warning', ...place, ...(tls ? ['--tls'] : []), ...who, '--rdb', file];
  const ticks = setInterval(() => {
    void stat(file).then(
      ({ size }) => use.progress({ doing: 'fetching a snapshot', done: size, unit: 'bytes' }),
      () => undefined,
    );
  }, 1000);
  const ended = await execa('redis-cli', argv, {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' },
    extendEnv: false,
    reject: false,
    input: `${password ?? ''}\n`,
    timeout: use.timeoutMs,
    cancelSignal: use.signal,
    forceKillAfterDelay: 2000,
    maxBuffer: 64 * 1024,
  }).finally(() => clearInterval(ticks));
  use.signal.throwIfAborted();
  if (!ended.failed) return;
  if (ended.code === 'ENOENT') {
    throw new SwitchbackError('PreconditionFailed', 'there is no redis-cli on this host', {
      hint: 'Install it: `apt-get install redis-tools redis-server`.',
    });
  }
  const lines = `${ended.stdout}\n${ended.stderr}`.trim().split('\n');
  const said = lines.find((line) => /NOPERM|WRONGPASS|NOAUTH|error|fail/i.test(line)) ?? lines.at(-1) ?? '';
  const reply = /(NOPERM|WRONGPASS|NOAUTH|MISCONF|LOADING|OOM).*/.exec(said)?.[0] ?? said;
  throw redisError(`redis-cli for store ${use.store}`, new Error(reply || `exit code ${ended.exitCode}`));
}
