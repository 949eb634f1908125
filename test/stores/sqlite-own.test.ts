import { execa } from 'execa';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { startUsersHandler, stopUsersHandler } from '../../activities/effects/stop-users.ts';
import { findPoint } from '../../activities/points/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { storeUse, type StoreContext } from '../../activities/stores/store.ts';
import { restoreState } from '../../activities/stores/sqlite/restore.ts';
import { openDatabase, runScript } from '../../activities/stores/sqlite/run-script.ts';
import { ensureToolImage, toolImage } from '../../activities/stores/sqlite/tool-image.ts';
import type { StoreRef } from '../../runbook/stores/index.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';
import { inVolume, newVolume, stopSqlite } from './sqlite-fixture.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
let volume: string;
let target: TestTarget;
const run = (sql: string, file = 'app.db') => inVolume(volume, file, sql);
const files = async () =>
  (await execa('docker', ['run', '--rm', '--volume', `${volume}:/data`, toolImage, 'ls', '/data'])).stdout.split('\n');
const targetWith = (ref: StoreRef) => TestTarget.make({ project: 'sqlite-own', stores: { store: ref } });
const backUp = (on = target) =>
  performWith(
    backupStoreHandler({ engine, stores }),
    on.context('backupStore', { store: 'store', point: 'a' }, { id: 'p/backup/01' }),
  );
const restore = (on = target, id = 'r/01', replaced?: string) => {
  const input = { store: 'store', point: 'a', ...(replaced === undefined ? {} : { replaced }) };
  return performWith(restoreStoreHandler({ engine, stores }), on.context('restoreStore', input, { id }));
};
const prove = () =>
  performWith(
    proveBackupHandler({ engine, provers: [stores.sqlite.prover] }),
    target.context('proveBackup', { point: 'a' }, { id: 'p/prove/01' }),
  );
const context = (on = target): StoreContext =>
  on.context('restoreStore', { store: 'store', point: 'a' }, { id: 'k/01' });

/** All that a comparison may stumble over. */
const schema = `
  pragma journal_mode = wal; pragma user_version = 7;
  create table things (id integer primary key, what text collate nocase);
  create table "odd ""name""" (a text, b blob, rowid text, primary key (a, b)) without rowid;
  create table loose (x); create table keyed (code text primary key, n real);
  create virtual table notes using fts5(body);
  insert into things values (1, 'one'), (2, 'two'), (3, 'three'); insert into "odd ""name""" values ('a', x'00ff', 'r');
  insert into loose values (null), (1), (1.5); insert into keyed values ('k', 1), (null, 2); insert into notes values ('hello');`;

beforeAll(() => ensureToolImage(engine, { log: () => undefined }), 300_000);
afterAll(stopSqlite);
beforeEach(async () => {
  volume = await newVolume();
  target = await targetWith({ kind: 'sqlite', volume, file: 'app.db' });
  await run(schema);
});
afterEach(() => target.remove());

describe('a restore of a database of SQLite', () => {
  it('states the loss of each table by its key, and keeps owner and mode', async () => {
    await execa('docker', [
      'run',
      '--rm',
      '-v',
      `${volume}:/d`,
      toolImage,
      'bash',
      '-c',
      'chown 70:71 /d/app.db; chmod 640 /d/app.db',
    ]);
    await backUp();
    await run(`update things set what = 'TWO' where id = 2; delete from things where id = 3; insert into things values (9, 'new');
      insert into loose values ('late'); alter table keyed add column more; update keyed set more = 1 where code = 'k';
      create table later (x); insert into later values (1), (2);`);
    const { performed } = await restore();
    expect(performed.facts).toMatchObject({
      lostRows: 6,
      tables: expect.arrayContaining([
        { table: 'things', missing: 1, different: 1, returning: 1 },
        { table: 'loose', missing: 1, different: 0, returning: 0 },
        { table: 'keyed', missing: 0, different: 1, returning: 0 },
        { table: 'later', missing: 2, different: 0, returning: 0 },
      ]),
    });
    expect(await run('select group_concat(what) from things; pragma user_version; select * from notes;')).toBe(
      'one,two,three\n7\nhello',
    );
    const { stdout } = await execa('docker', [
      'run',
      '--rm',
      '-v',
      `${volume}:/d`,
      toolImage,
      'stat',
      '-c',
      '%u:%g %a',
      '/d/app.db',
    ]);
    expect(stdout).toBe('70:71 640');
    expect((await files()).filter((name) => !name.includes('.replaced-'))).toEqual(['app.db']);
  }, 60_000);

  it('refuses while something has it open with a log, idle or not, and leaves all as it is', async () => {
    await backUp();
    await run(`insert into things values (4, 'late')`);
    const holder = execa('docker', [
      'run',
      '--rm',
      '-i',
      '-v',
      `${volume}:/data`,
      toolImage,
      'sqlite3',
      '/data/app.db',
    ]);
    try {
      holder.stdin.write('select count(*) from things;\n');
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      await expect(restore()).rejects.toMatchObject({ name: 'Busy' });
    } finally {
      holder.stdin.end();
      await holder;
    }
    expect(await run('select count(*) from things')).toBe('4');
    expect((await files()).filter((name) => name.includes('.restore-'))).toEqual([]);
    await restore();
    expect(await run('select count(*) from things')).toBe('3');
  }, 60_000);

  it('ends what a dead worker left at work before it looks', async () => {
    const database = await openDatabase(engine, storeUse(context(), 'store', target.plan.stores['store']!));
    const left = runScript(database, { script: 'sleep 300', changes: 'swap' }).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const plan = { before: 'x', incoming: '.a', kept: '.b', open: true };
    expect(await restoreState(database, plan)).toBe('unknown');
    expect(await left).toBeInstanceOf(Error);
  }, 30_000);
});

describe('a backup of a database of SQLite', () => {
  it('[K10] is whole while others write', async () => {
    const writer = execa('docker', [
      'run',
      '--rm',
      '-i',
      '-v',
      `${volume}:/data`,
      toolImage,
      'bash',
      '-c',
      `for n in $(seq 1000 3000); do echo "insert into things values ($n, 'w'); insert into loose values ($n);"; done | sqlite3 -cmd '.timeout 9000' /data/app.db`,
    ]);
    await backUp();
    await writer;
    await prove();
    expect(await run('select count(*) from things')).toBe('2004');
  }, 60_000);

  it('that is damaged is found by its proof, and never restored', async () => {
    await backUp();
    const { folder } = await findPoint(target.home.points, 'a', 'run-1');
    const bytes = await readFile(join(folder, 'database.zst'));
    bytes[bytes.length >> 1]! ^= 0xff;
    await writeFile(join(folder, 'database.zst'), bytes);
    await expect(prove()).rejects.toMatchObject({ name: 'IntegrityFailed' });
    await expect(restore()).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await run('select count(*) from things')).toBe('3');
  }, 60_000);

  it('refuses what is missing, a link, no database, or damaged', async () => {
    for (const [file, name] of [
      ['none.db', 'PreconditionFailed'],
      ['link.db', 'Unsupported'],
      ['text.db', 'PreconditionFailed'],
      ['bad.db', 'ValidationMismatch'],
    ] as const) {
      await execa('docker', [
        'run',
        '--rm',
        '-v',
        `${volume}:/d`,
        toolImage,
        'bash',
        '-c',
        'cd /d; ln -sf app.db link.db; echo no database at all >text.db; cp app.db bad.db; dd if=/dev/urandom of=bad.db bs=512 seek=10 count=8 conv=notrunc 2>/dev/null',
      ]);
      const other = await targetWith({ kind: 'sqlite', volume, file });
      await expect(backUp(other)).rejects.toMatchObject({ name });
      await other.remove();
    }
  }, 60_000);
});

it('a file of the host is a store too, whose users alone are stopped and started', async () => {
  const own = await targetWith({ kind: 'sqlite', path: "./data/it's.db" });
  const folder = join(own.directory, 'data');
  await mkdir(folder);
  const sql = (text: string) =>
    execa('docker', ['run', '--rm', '-i', '-v', `${folder}:/data`, toolImage, 'sqlite3', "/data/it's.db"], {
      input: text,
    });
  await sql('create table t (x integer primary key); insert into t values (1);');
  await symlink("it's.db", join(folder, 'link.db'));
  const label = ['--label', 'com.docker.compose.project=sqlite-own'];
  const start = (...args: string[]) =>
    execa('docker', ['run', '-d', '--init', ...label, ...args, toolImage, 'sleep', '300']);
  const [user, other] = [await start('-v', `${folder}:/app`), await start()].map(({ stdout }) => stdout);
  try {
    await backUp(own);
    await sql('insert into t values (2);');
    await expect(restore(own)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const stop = own.context('stopUsers', { stores: ['store'], volumes: [] }, { id: 's/01' });
    const { performed } = await performWith(stopUsersHandler({ engine, stores }), stop);
    expect(performed.effect).toMatchObject({ stopped: [expect.any(String)] });
    expect((await engine.inspectContainer(other!))?.State.Running).toBe(true);
    expect((await engine.inspectContainer(user!))?.State.Running).toBe(false);
    const before = await stat(join(folder, "it's.db"));
    const restored = await restore(own);
    expect(restored.performed.facts).toMatchObject({ lostRows: 1 });
    expect((await sql('select count(*) from t')).stdout).toBe('1');
    await restore(own, 'r/02', String(restored.performed.facts['replaced']));
    expect((await stat(join(folder, "it's.db"))).ino).toBe(before.ino);
    own.facts.set('s/01', performed.facts);
    await performWith(startUsersHandler({ engine }), own.context('startUsers', { stoppedBy: 's/01' }, { id: 's/02' }));
    expect((await engine.inspectContainer(user!))?.State.Running).toBe(true);
  } finally {
    await execa('docker', ['rm', '--force', '--volumes', user!, other!]);
    await own.remove();
  }
}, 90_000);
