import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../../../runbook/errors.ts';
import { operationObjectName } from '../../../../runbook/names.ts';
import { pause } from '../../../docker/index.ts';
import type { TargetHome } from '../../../effect.ts';
import type { PointRef } from '../../../points/index.ts';
import { ownLabels } from '../../../volumes/index.ts';
import {
  receiverLabels,
  receiverRole,
  receiverScript,
  removeWal,
  startReceiver,
  walFile,
  walFolder,
} from '../../../wal/index.ts';
import type { DataPlace } from '../../physical-backups.ts';
import type { StoreUse } from '../../store.ts';
import type { ToolBox } from '../choose-tools.ts';
import { writePasswordFile } from '../password-file.ts';
import type { Session } from '../session.ts';
import { requireService } from './data-place.ts';

/** A receiver that runs has an answer after two looks, four seconds apart; more than this is one that does not come. */
const patienceMs = 60_000;

/**
 * Starts a receiver of the server's log, in the network of the server's container like `pg_basebackup`, and waits until it is known to write.
 * It leaves nothing on the server that outlives it: a replication slot that nobody reads fills the disk there.
 * @throws `Busy` when the server has no wal sender left, `StepFailed` with what the receiver said
 */
export async function followLog(
  session: Session,
  { system, major }: { system: string; major: number },
  place: DataPlace,
  home: Pick<TargetHome, 'root' | 'points'>,
  ref: PointRef,
  use: StoreUse,
  { engine }: ToolBox,
): Promise<void> {
  const { signal, target, run: runId, operation: operationId } = use;
  const id = `${ref.run}/${ref.point}`;
  // A successor of this attempt has its own there by now.
  await use.fence();
  await removeWal(engine, { target, home }, ref, { signal });
  const folder = walFolder(home, ref);
  await mkdir(join(folder, walFile.segments), { recursive: true, mode: 0o700 });
  await writePasswordFile(join(folder, walFile.password), session.address);
  const { timeline } = await session.row(
    `select ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int::text as timeline`,
  );
  const { container, user, database } = session.address;
  const uid = process.getuid?.();
  const name = operationObjectName(target, runId, operationId, 'log');
  use.progress({ doing: 'starting to follow the log' });
  await startReceiver(
    engine,
    {
      ...{ name, folder, image: container?.image ?? place.image, server: container?.id ?? '' },
      labels: {
        ...ownLabels({ target, runId, operationId }, receiverRole),
        ...receiverLabels({ point: id, volume: place.volume, service: `${use.project}/${requireService(use)}` }),
      },
      argv: ['/bin/sh', '-c', receiverScript, receiverRole, system, timeline ?? '1', String(major)],
      env: {
        LC_ALL: 'C',
        HOME: '/tmp',
        ...{ PGHOST: '127.0.0.1', PGPORT: '5432', PGUSER: user, PGDATABASE: database, PGSSLMODE: 'prefer' },
        PGPASSFILE: `/log/${walFile.password}`,
        // Not the prefix of the operation's own connections: those are ended when it is tried again.
        PGAPPNAME: `switchback-log/${createHash('sha256').update(`${target}\n${id}`).digest('hex').slice(0, 16)}`,
        PGCONNECT_TIMEOUT: '10',
      },
      ...(uid === undefined ? {} : { user: `${uid}:${process.getgid?.() ?? uid}` }),
    },
    { signal },
  );
  const deadline = performance.now() + Math.min(patienceMs, use.timeoutMs);
  while (!(await isThere(join(folder, walFile.reached)))) {
    if (performance.now() > deadline) throw await receiverError(folder, use);
    await pause(200, signal);
  }
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function receiverError(folder: string, { store }: StoreUse): Promise<SwitchbackError> {
  const said = (await readFile(join(folder, walFile.said), 'utf8').catch(() => '')).trim().slice(-1000);
  if (/max_wal_senders|max_replication_slots/.test(said)) {
    return new SwitchbackError('Busy', `all wal senders of store ${store} are taken: ${said}`, {
      hint: 'Following the log takes one more: raise max_wal_senders, or end one of those in pg_stat_replication.',
    });
  }
  return new SwitchbackError('StepFailed', `the log of store ${store} cannot be followed: ${said || 'no message'}`, {
    hint: 'Its receiver connects as `pg_basebackup` does, and to the database of the store: look at pg_hba.conf, then retry.',
    facts: { store },
  });
}
