import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JudgeLane } from './guard-corpus/judge-lane.ts';
import { protectedMeaning, type Meaning } from './guard-corpus/protected-meaning.ts';
import { readCorpus, type CorpusEntry } from './guard-corpus/read-corpus.ts';
import { PostgresServer, sentinel } from './postgres-server.ts';

const read = (file: string) => readFile(join(import.meta.dirname, 'guard-corpus', file), 'utf8');
/** Every statement that lint refuses is tried in disguise as well: minutes. Without it, one of so many. */
const oneOf = process.env['CORPUS_DEEP'] === undefined ? 12 : 1;
/** Who runs the steps: `postgres`, or `owner`, who owns the database and is no superuser. */
const user = process.env['CORPUS_USER'] ?? 'postgres';

let server: PostgresServer;
let base: Meaning;
let version: number;

beforeAll(async () => {
  server = await PostgresServer.start({ max_connections: '40' });
  for (const role of ['app', 'readers', 'clerk', 'owner'])
    await server.run('postgres', `create role ${role} login password $p$${sentinel}$p$`);
  await server.run('postgres', 'grant readers to clerk');
  for (const name of ['other_app', 'base']) await server.run('postgres', `create database ${name}`);
  // Whoever owns it all made it, and was allowed to make extensions then.
  if (user !== 'postgres') await server.run('postgres', `alter role ${user} superuser`);
  await server.run('postgres', `alter database base owner to ${user}`);
  await server.run('base', await read('world.sql'), user);
  if (user !== 'postgres') await server.run('postgres', `alter role ${user} nosuperuser`);
  const connection = `host=127.0.0.1 port=${server.port} user=postgres password='${sentinel.replaceAll('\\', '\\\\')}' dbname=`;
  await server.run('base', `insert into free.connection values ($c$${connection}$c$)`);
  version = Math.floor(Number(await server.value('base', 'show server_version_num')) / 10_000);
  base = await protectedMeaning(server, 'base');
  // A judge who sees nothing would find nothing.
  expect(base.get('the application')).toContain(`"note":"new!"`);
  expect(base.get('the application')).not.toMatch(/denied|failed|not exist/);
});
afterAll(() => server.stop());

async function wrongOf(entries: CorpusEntry[]): Promise<string[]> {
  const wrong: string[] = [];
  const waiting = [...entries.filter(({ since }) => since <= version).entries()];
  const work = async (name: string) => {
    const lane = new JudgeLane(name, server, base, user);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, entry] = next;
      const { outcome, changed, said } = await lane.run(entry, at % oneOf === 0);
      if (changed.length > 0) wrong.push(`CHANGED by ${entry.text}: ${changed.join('; ').slice(0, 600)}`);
      // Who is no superuser may do less.
      if (outcome !== entry.expected && !(user !== 'postgres' && outcome === 'fails'))
        wrong.push(`${outcome} and not ${entry.expected}: ${entry.text} (${said})`);
    }
    // What was undone each time is as it was: nothing goes past a transaction.
    wrong.push(...(await lane.judged()));
  };
  // Two at a time, under two names: attempts of one operation end each other.
  await Promise.all([work('a'), work('b')]);
  return wrong;
}

describe.each(['rows', 'structure', 'meaning'])('[K9] statements about %s, with a real server as the judge', (file) => {
  it('are refused by lint, stopped in the transaction, or leave what is protected as it was', async () => {
    const entries = readCorpus(await read(`${file}.sql`));
    expect(entries.length).toBeGreaterThan(100);
    expect(await wrongOf(entries)).toEqual([]);
  }, 600_000);
});
