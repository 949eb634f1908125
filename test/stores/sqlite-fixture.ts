import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { toolImage } from '../../activities/stores/sqlite/tool-image.ts';
import type { StoreFixture } from './conformance.ts';

const made: string[] = [];

/** Runs SQL against a database in a volume, with the command line of SQLite. */
export async function inVolume(volume: string, file: string, sql: string): Promise<string> {
  const argv = ['run', '--rm', '--interactive', '--volume', `${volume}:/data`, '--network', 'none', toolImage];
  const { stdout } = await execa('docker', [...argv, 'sqlite3', '-bail', `/data/${file}`], { input: sql });
  return stdout.trim();
}

export async function newVolume(): Promise<string> {
  const volume = `sbt-sqlite-${randomUUID().slice(0, 8)}`;
  await execa('docker', ['volume', 'create', volume]);
  made.push(volume);
  return volume;
}

/** A database with a table of things, and a log, in a volume of its own. */
export async function sqliteFixture(): Promise<StoreFixture> {
  const volume = await newVolume();
  const run = (sql: string) => inVolume(volume, 'app.db', sql);
  await run(`pragma journal_mode = wal; create table things (id integer primary key autoincrement, what text);`);
  return {
    ref: { kind: 'sqlite', volume, file: 'app.db' },
    secrets: {},
    add: async (things) => {
      await run(
        `with recursive n(n) as (select 1 union all select n + 1 from n where n < ${things}) insert into things (what) select 'a thing' from n;`,
      );
    },
    count: async () => Number(await run('select count(*) from things;')),
    queries: {
      count: 'select count(*) from things',
      all: 'select * from things',
      key: ['id'],
      write: 'delete from things returning id',
    },
    remove: async () => {
      await execa('docker', ['volume', 'rm', '--force', volume]);
    },
  };
}

export async function stopSqlite(): Promise<void> {
  if (made.length > 0) await execa('docker', ['volume', 'rm', '--force', ...made.splice(0)], { reject: false });
}
