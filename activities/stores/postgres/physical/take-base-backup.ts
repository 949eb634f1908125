import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../../../runbook/errors.ts';
import type { StoreUse } from '../../store.ts';
import { applicationName } from '../application-name.ts';
import { quoteName } from '../quote.ts';
import type { ToolBox } from '../choose-tools.ts';
import { runTool } from '../run-tool.ts';
import type { Session } from '../session.ts';
import { readBackupManifest, type BackupManifest } from './backup-manifest.ts';
import { serverFolder, type Packing } from './canary.ts';

export interface BaseBackup extends BackupManifest {
  packing: Packing;
}

/**
 * Runs `pg_basebackup` from the server's own image, in the network of the server's container: images let replication in from the loopback
 * address alone. The log that the backup needs is streamed beside it.
 * @param packings in the order in which they are tried: not every build knows every one
 */
export async function takeBaseBackup(
  session: Session,
  serverMajor: number,
  folder: string,
  packings: readonly Packing[],
  use: StoreUse,
  box: ToolBox,
): Promise<BaseBackup> {
  // Never with tools of this host: only from beside the server it is reached by the loopback address.
  const tools = { major: serverMajor, image: session.address.container?.image ?? '' };
  // A name of the attempt's own, as of a dump.
  const made = join(folder, `${serverFolder}-${use.attempt}`);
  const packing = await firstThatPacks(packings, async (how) => {
    await rm(made, { recursive: true, force: true });
    const args = [
      ...argumentsFor(how, serverMajor),
      `--label=switchback ${use.run} ${use.operation}`,
      `--pgdata=${made}`,
    ];
    const run = { tool: 'pg_basebackup' as const, args, folder, address: session.address, serverMajor, tools };
    await runTool({ ...run, onTick: progressOf(session, use) }, use, box);
  }).catch((error: unknown) => {
    throw baseBackupError(error, session.address.user, use);
  });
  await rename(made, join(folder, serverFolder));
  const manifest = await readBackupManifest(join(folder, serverFolder, 'backup_manifest'));
  return { ...manifest, packing };
}

function argumentsFor(packing: Packing, major: number): string[] {
  // Fast rather than small, as with dumps. Before 15 gzip is all there is.
  const packed = {
    zstd: ['--compress=client-zstd:1'],
    gzip: major < 15 ? ['--gzip', '--compress=1'] : ['--compress=client-gzip:1'],
    none: [],
  };
  return [
    '--format=tar',
    '--wal-method=stream',
    '--checkpoint=fast',
    '--manifest-checksums=SHA256',
    '--no-password',
    // Sealing the point forces every file to disk.
    '--no-sync',
    ...packed[packing],
  ];
}

async function firstThatPacks(
  packings: readonly Packing[],
  work: (packing: Packing) => Promise<void>,
): Promise<Packing> {
  for (const packing of packings.slice(0, -1)) {
    try {
      await work(packing);
      return packing;
    } catch (error) {
      const unknown =
        error instanceof SwitchbackError &&
        /does not support compression|not supported by this build/i.test(error.message);
      if (!unknown) throw error;
    }
  }
  const last = packings.at(-1) ?? 'none';
  await work(last);
  return last;
}

/** The server itself says how far it is. */
function progressOf(session: Session, use: StoreUse): () => void {
  let asking = false;
  return () => {
    if (asking) return;
    asking = true;
    void session
      .rows(
        `select backup_streamed as done, backup_total as total from pg_catalog.pg_stat_progress_basebackup
           join pg_catalog.pg_stat_activity using (pid) where application_name = $1`,
        [applicationName(use)],
      )
      .then(
        ([{ done = null, total = null } = {}]) => {
          if (done === null) return;
          const known = total === null ? {} : { total: Number(total) };
          use.progress({ doing: 'copying the server', done: Number(done), ...known, unit: 'bytes' });
        },
        // Progress is a courtesy; that the server is gone, the tool finds out.
        () => undefined,
      )
      .finally(() => {
        asking = false;
      });
  };
}

function baseBackupError(error: unknown, user: string, use: StoreUse): unknown {
  if (!(error instanceof SwitchbackError)) return error;
  const say = (name: 'AccessDenied' | 'Busy' | 'IntegrityFailed', message: string, hint: string) =>
    new SwitchbackError(name, `${message}: ${error.message}`, { hint, facts: { store: use.store } }, { cause: error });
  if (/no pg_hba\.conf entry for replication/.test(error.message)) {
    const line = `host replication ${quoteName(user)} 127.0.0.1/32 scram-sha-256`;
    return say(
      'AccessDenied',
      `the server of store ${use.store} lets no replication in from its own container`,
      `Add to its pg_hba.conf: \`${line}\`, then \`select pg_reload_conf()\`.`,
    );
  }
  if (/max_wal_senders|max_replication_slots/.test(error.message))
    return say(
      'Busy',
      `all wal senders of store ${use.store} are taken`,
      'Raise max_wal_senders, or end one of those in pg_stat_replication.',
    );
  if (/checksum (error|verification fail)/i.test(error.message)) {
    return say(
      'IntegrityFailed',
      `pages of the live server of store ${use.store} do not match their checksums`,
      'Its disk or memory is damaged. Look at the server log, and do not overwrite any older backup.',
    );
  }
  return error;
}
