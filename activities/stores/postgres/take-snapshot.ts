import { availableParallelism } from 'node:os';
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { refOf, type Snapshot, type StoreUse } from '../store.ts';
import { takeCanary, type Canary } from './canary.ts';
import { chooseTools, type ToolBox } from './choose-tools.ts';
import { compressionFor, dumpArguments, orGzip, streamArguments, type Compression } from './dump-arguments.ts';
import { dumpEncrypted, encryptedDump, encryptedGlobals } from './encrypted-dump.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import type { ServerFacts } from './server.ts';
import type { Session } from './session.ts';

/** Folder of the dump inside a recovery point. */
export const dumpFolder = 'dump';

/** Workers of one dump or restore. More than four make the database feel it more than they hurry. */
export const jobs = () => Math.min(4, Math.max(1, availableParallelism()));

/**
 * Dumps a database into a folder and takes its fingerprint, both as of the same snapshot. The dump is listed again before it is
 * believed; one that is encrypted cannot be, since the private key may be elsewhere.
 * @throws `StepFailed` and others of `runTool`
 */
export async function takeSnapshot(
  session: Session,
  facts: ServerFacts,
  folder: string,
  use: StoreUse,
  box: ToolBox,
): Promise<Snapshot> {
  const { address } = session;
  const tools = await chooseTools(box, address, facts.major);
  const tool: Omit<ToolRun, 'tool' | 'args'> = { folder, address, tools, serverMajor: facts.major };
  // A name of the attempt's own: files that a dead attempt's pg_dump still opens by name must not land in this dump.
  const dump = join(folder, `${dumpFolder}-${use.attempt}`);
  const encrypts = use.encryption.to.length > 0;
  let compression: Compression = 'gzip';
  const canary = await session.transaction('begin isolation level repeatable read read only', async () => {
    const { snapshot } = await session.row('select pg_catalog.pg_export_snapshot() as snapshot');
    const from = `--dbname=${facts.database}`;
    const rest = [`--jobs=${jobs()}`, `--file=${dump}`, from];
    const dumpWith = (whole: StoreUse) => (how: Compression) =>
      runTool({ tool: 'pg_dump', args: [...dumpArguments(snapshot ?? '', how), ...rest], ...tool, onTick }, whole, box);
    const stream = (whole: StoreUse) => {
      const args = [...streamArguments(snapshot ?? ''), from];
      return dumpEncrypted({ tool: 'pg_dump', args, ...tool, onTick }, join(folder, encryptedDump), whole, box);
    };
    const progress = { doing: `dumping ${facts.database}`, unit: 'bytes' as const };
    const onTick = () => void bytesBelow(folder).then((done) => use.progress({ ...progress, done }));
    return both(
      use,
      async (whole) => {
        if (encrypts) await stream(whole);
        else compression = await orGzip(compressionFor(tools.major), dumpWith(whole));
      },
      () => takeCanary(session, refOf(use, 'postgres').canary),
    );
  });
  if (encrypts) {
    const globals = await dumpGlobals(folder, tool, use, box);
    const written = { client: tools.major, compression: 'zstd' as const };
    return { canary: { ...canary, globals, dump: written } satisfies Canary };
  }
  await runTool(
    { tool: 'pg_restore', args: ['--list', `--file=${join(folder, 'contents.txt')}`, dump], ...tool },
    use,
    box,
  );
  await rename(dump, join(folder, dumpFolder));
  const globals = await dumpGlobals(folder, tool, use, box);
  const written = { client: tools.major, compression };
  return { canary: { ...canary, globals, dump: written } satisfies Canary };
}

/** Runs two pieces of work side by side; when one fails the other is ended too, and its end awaited. */
async function both<A, B>(use: StoreUse, first: (use: StoreUse) => Promise<A>, second: () => Promise<B>): Promise<B> {
  const other = new AbortController();
  const signal = AbortSignal.any([use.signal, other.signal]);
  const fails = (error: unknown) => {
    other.abort(error);
    throw error;
  };
  const [one, two] = await Promise.allSettled([first({ ...use, signal }).catch(fails), second().catch(fails)]);
  if (one.status === 'rejected') throw other.signal.reason ?? one.reason;
  if (two.status === 'rejected') throw two.reason;
  return two.value;
}

/** Roles and tablespaces, without passwords; not every user may read them, and a database can be restored without. */
async function dumpGlobals(
  folder: string,
  tool: Omit<ToolRun, 'tool' | 'args'>,
  use: StoreUse,
  box: ToolBox,
): Promise<boolean> {
  const args = [
    '--globals-only',
    '--no-role-passwords',
    '--no-password',
    '--no-sync',
    `--database=${tool.address.database}`,
  ];
  const run = { tool: 'pg_dumpall', ...tool } as const;
  try {
    if (use.encryption.to.length > 0) await dumpEncrypted({ ...run, args }, join(folder, encryptedGlobals), use, box);
    else await runTool({ ...run, args: [...args, `--file=${join(folder, 'globals.sql')}`] }, use, box);
    return true;
  } catch (error) {
    if (!(error instanceof SwitchbackError) || (error.name !== 'AccessDenied' && error.name !== 'StepFailed'))
      throw error;
    use.log(`roles and tablespaces were not saved: ${error.message}`);
    return false;
  }
}

/** Bytes in all files below a folder; what vanishes while it is counted counts nothing. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(path);
    else
      bytes += await stat(path).then(
        (found) => found.size,
        () => 0,
      );
  }
  return bytes;
}
