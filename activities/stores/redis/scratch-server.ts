import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { onAbort } from '../../on-abort.ts';
import { execa } from '../../processes/execa.ts';
import type { StoreUse } from '../store.ts';
import type { Address } from './address.ts';
import { Connection } from './connection.ts';

/** Name of the snapshot in a recovery point. */
export const snapshotFile = 'dump.rdb';

interface Wanted {
  /** Folder with the snapshot, which is only read. */
  folder: string;
  databases: number;
  database: number;
}

/**
 * Loads a snapshot in a server of this host that nobody else reaches, which writes nothing, and ends it afterwards.
 * @throws `ValidationMismatch` (the snapshot cannot be loaded), `PreconditionFailed` (no server program, or an older one)
 */
export async function withScratchServer<T>(
  { folder, databases, database }: Wanted,
  use: StoreUse,
  work: (connection: Connection, address: Address) => Promise<T>,
): Promise<T> {
  // The path of a socket may have 107 bytes, and the folders of a target may be long.
  const own = await mkdtemp(join(tmpdir(), 'switchback-'));
  const path = join(own, 'socket');
  const settings = {
    ...{ port: '0', unixsocket: path, unixsocketperm: '700', dir: folder, dbfilename: snapshotFile },
    ...{ save: '', appendonly: 'no', databases: String(databases), daemonize: 'no' },
  };
  const argv = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = execa('redis-server', argv, {
    env: { PATH: process.env['PATH'] ?? '' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
    maxBuffer: { all: 64 * 1024 },
    forceKillAfterDelay: 2000,
  });
  const leave = onAbort(use.signal, () => child.kill('SIGKILL'));
  const address: Address = { at: { path }, tls: false, database };
  let connection: Connection | undefined;
  try {
    connection = await firstConnection(address, use, child);
    return await work(connection, address);
  } finally {
    connection?.close();
    leave();
    child.kill('SIGKILL');
    await child;
    await rm(own, { recursive: true, force: true });
  }
}

type Child = PromiseLike<{ all?: unknown; code?: string | undefined }>;

async function firstConnection(address: Address, use: StoreUse, child: Child): Promise<Connection> {
  let ended: { said: string; code: string | undefined } | undefined;
  void child.then(({ all, code }) => {
    ended = { said: String(all), code };
  });
  for (;;) {
    use.signal.throwIfAborted();
    if (ended !== undefined) throw notLoaded(ended);
    try {
      const connection = await Connection.open(address, use);
      await connection.call('PING');
      return connection;
    } catch (error) {
      const waits = error instanceof SwitchbackError && ['Unreachable', 'Busy'].includes(error.name);
      if (!waits) throw error;
      await pause(20);
    }
  }
}

function notLoaded({ said, code }: { said: string; code: string | undefined }): SwitchbackError {
  if (code === 'ENOENT') {
    return new SwitchbackError('PreconditionFailed', 'there is no redis-server on this host', {
      hint: 'Install it: `apt-get install redis-server`. It loads snapshots to compare them, and listens on no port.',
    });
  }
  if (/Can't handle RDB format version/.test(said)) {
    return new SwitchbackError(
      'PreconditionFailed',
      'redis-server of this host is older than the one of the snapshot',
      {
        hint: 'Install the version that the manifest names, or a newer one.',
      },
    );
  }
  const why = said.split('\n').filter((line) => /^\d+:\w .*# /.test(line));
  const last = (why.map((line) => line.replace(/^.*?# /, '')).at(-1) ?? 'no message').slice(0, 300);
  if (/RDB|checksum|Short read|signature/i.test(said.slice(-2000))) {
    return new SwitchbackError('ValidationMismatch', `the snapshot cannot be loaded: ${last}`, {
      hint: 'The recovery point is no good; take another backup.',
    });
  }
  return new SwitchbackError('StepFailed', `redis-server ended before it had loaded the snapshot: ${last}`, {
    hint: 'Correct the cause, then retry.',
  });
}
