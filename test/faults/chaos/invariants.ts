import { readdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { operationVariable } from '../../../activities/processes/mark.ts';
import type { ChaosStage } from './stage.ts';

/** What a stack is at a moment: files, what runs, the schema, a volume. Orders come and go on; they are looked at by key. */
export async function fingerprint(stage: ChaosStage): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(stage.stack, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  const format = '{{.Names}} {{.Image}} {{.State}} {{.Label "version"}}';
  const filter = `label=com.docker.compose.project=${stage.project}`;
  found['containers'] = (await stage.docker('ps', '--all', '--filter', filter, '--format', format))
    .split('\n')
    .sort()
    .join('\n');
  found['app'] = await stage.docker('exec', `${stage.project}-app-1`, 'printenv', 'VERSION');
  found['volume'] = await stage.docker('exec', `${stage.project}-app-1`, 'sha256sum', '/var/app/blob');
  found['schema'] = await stage.sql(
    "select relkind, relname from pg_class where relnamespace = 'public'::regnamespace order by 1, 2",
  );
  // A table that was dropped and made anew, or rewritten, has other numbers.
  found['orders'] = await stage.sql("select oid, relfilenode from pg_class where oid = 'public.orders'::regclass");
  found['closed doors'] = await stage.sql(
    "select rolname, rolcanlogin from pg_roles where rolname in ('shop', 'postgres') union all select datname, datallowconn from pg_database order by 1",
  );
  return found;
}

/** Everything that has to be true once a case is over. @returns what is not */
export async function broken(stage: ChaosStage, before: Record<string, string>): Promise<string[]> {
  const found: string[] = [];
  const expect = (held: boolean, what: string) => {
    if (!held) found.push(what);
  };

  await stage.settled();
  const first = await stage.type('reconcile', '--json');
  expect(first.code === 0, `reconcile ends with ${first.code}: ${first.out || first.error}`);
  const second = await stage.type('reconcile', '--json');
  const left = (answer: string) =>
    ((JSON.parse(answer) as { leftovers?: { what: string; state: string }[] }).leftovers ?? []).map(
      ({ what, state }) => `${state} ${what}`,
    );
  expect(
    second.code === 0 && left(second.out).length === 0,
    `after reconcile there is still: ${left(second.out || '{}').join(', ')}`,
  );

  const after = await fingerprint(stage);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    expect(before[key] === after[key], `${key} was\n${before[key]}\nand is\n${after[key]}`);
  const lost = await stage.customers.lost();
  expect(lost.length === 0, `${lost.length} acknowledged orders are lost: ${lost.slice(0, 3).join(', ')}`);

  const status = await stage.status();
  await stage.journal.refresh();
  expect(status?.state === 'rolled-back' && !status.inconsistent, `status says ${JSON.stringify(status)}`);
  expect(stage.journal.state.consistent && stage.journal.state.holder === undefined, 'the journal has a holder yet');
  for (const what of await leftBehind(stage)) expect(false, `left behind: ${what}`);
  for (const where of await secretsIn(stage)) expect(false, `the secret is in ${where}`);

  const linesBefore = await stage.journalLines();
  const again = await stage.type('rollback', '--to', 'baseline', '--reason', 'again');
  const harmless =
    again.code === 4 || again.code === 5 || (again.code === 0 && (await stage.journalLines()) === linesBefore);
  expect(harmless, `rollback again ends with ${again.code}: ${again.error}${again.out}`);
  return found;
}

async function leftBehind(stage: ChaosStage): Promise<string[]> {
  const helpers = await stage.docker('ps', '--all', '--format', '{{.Names}}', '--filter', 'label=io.switchback.target');
  const volumes = await stage.docker('volume', 'ls', '--quiet', '--filter', 'label=io.switchback.target');
  const inDatabase = await stage.sql(
    `select 'database ' || datname from pg_database where datname like 'switchback%'
     union all select 'slot ' || slot_name from pg_replication_slots
     union all select 'session ' || application_name || ' ' || state from pg_stat_activity
       where application_name like 'switchback%' and state <> 'idle'`,
  );
  const files = (await readdir(stage.home, { recursive: true })).filter((file) => /\.partial|filler/.test(file));
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  return [...lines(helpers), ...lines(volumes), ...lines(inDatabase), ...files, ...(await marked(stage))];
}

/** Processes that an operation has started, and that still run. */
async function marked({ project }: ChaosStage): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`${operationVariable}=${project}/`)) found.push(`process ${pid}`);
  }
  return found;
}

async function secretsIn(stage: ChaosStage): Promise<string[]> {
  const secret = Buffer.from(stage.secret);
  const files = (await readdir(stage.home, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of [...files, stage.workerLog, stage.server.database, `${stage.server.database}-wal`]) {
    // The stack's own files have its password: what is kept of them is sealed, and must not show it either.
    if ((await readFile(file).catch(() => Buffer.alloc(0))).includes(secret)) found.push(file);
  }
  return found;
}
