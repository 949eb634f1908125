import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadSqlParser } from '../../activities/sql/index.ts';
import type { ProtectedResource } from '../../runbook/compiled-plan.ts';
import { guardSql } from '../../runbook/guard/index.ts';
import { TestTarget } from '../real/effect-context.ts';
import { applyStatement } from './guard-corpus/apply-statement.ts';
import { readCorpus, type CorpusEntry } from './guard-corpus/read-corpus.ts';
import { PostgresServer } from './postgres-server.ts';

const parser = await loadSqlParser();
const protect: ProtectedResource[] = [{ store: 'db', tables: ['public.orders', 'public.customers'], allow: 'expand' }];
const read = (file: string) => readFile(join(import.meta.dirname, 'guard-corpus', file), 'utf8');

let server: PostgresServer;
let target: TestTarget;
let version: number;
beforeAll(async () => {
  server = await PostgresServer.start();
  await server.run('postgres', 'create role reader');
  const database = await server.database();
  await server.run(database, await read('shop.sql'));
  version = Math.floor(Number(await server.value(database, 'show server_version_num')) / 10_000);
  target = await TestTarget.make({
    project: 'books',
    stores: { db: { kind: 'postgres', url: '${env:DB_URL}' } },
    secrets: { DB_URL: server.url(database) },
    protect,
  });
});
afterAll(async () => {
  await target.remove();
  await server.stop();
});

function refusal({ text, outside }: CorpusEntry): string {
  return guardSql(text, protect, 'db', { transactional: !outside }, parser)
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message)
    .join('; ');
}

/** Migrations that are let pass, some in one step; alone where one changes what the next means. `CORPUS_DEEP=1`: each alone. */
function stepsOf(entries: readonly CorpusEntry[]): CorpusEntry[][] {
  const alone = (entry: CorpusEntry) =>
    process.env['CORPUS_DEEP'] !== undefined ||
    entry.expected !== 'allowed' ||
    entry.outside ||
    /search_path|add value/i.test(entry.text);
  const steps: CorpusEntry[][] = [];
  for (const entry of entries) {
    const last = steps.at(-1);
    if (last === undefined || alone(entry) || last.length >= 8 || last.some(alone)) steps.push([entry]);
    else last.push(entry);
  }
  return steps;
}

describe('[K9] migrations as frameworks and people write them', () => {
  it('are applied, or refused with the reason', async () => {
    const entries = readCorpus(await read('migrations.sql')).filter(({ since }) => since <= version);
    expect(entries.length).toBeGreaterThan(190);
    const wrong: string[] = [];
    for (const [at, step] of stepsOf(entries).entries()) {
      const [first] = step;
      const text = step.map((entry) => entry.text).join(';\n');
      const refused = step.map(refusal).join('');
      const { outcome, said } =
        refused === ''
          ? await applyStatement(target, `a/apply/${at}-applySql`, text, first?.outside === false)
          : { outcome: 'refused', said: refused };
      if (outcome !== first?.expected || !first.why.test(said)) wrong.push(`${outcome}: ${text} (${said})`);
    }
    expect(wrong).toEqual([]);
  }, 300_000);
});
