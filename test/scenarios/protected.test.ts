import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunStatus } from '../../runbook/run-state.ts';
import { claim } from '../../examples/demo/claim.ts';
import { docker } from '../../examples/demo/docker.ts';
import { placeOf } from '../../examples/demo/place.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { setUp, type Demo } from '../../examples/demo/set-up.ts';
import { Stopwatch } from '../../examples/demo/stopwatch.ts';
import { tearDown } from '../../examples/demo/tear-down.ts';

const longest = 15 * 60_000;
const place = placeOf('protected');
const abort = new AbortController();
const screen = recordingScreen();
let demo: Demo;
let before: string;

const psql = (query: string) =>
  docker(['exec', `${place.project}-db-1`, 'psql', '-U', 'postgres', '-d', 'shop', '-Atc', query]);

/**
 * What is protected, seen from outside: the volume's identity, the tables as PostgreSQL keeps them, and every row that was there
 * before (the client adds others all the time).
 */
async function fingerprint(): Promise<string> {
  const volume = await docker([
    'volume',
    'inspect',
    `${place.project}_db_data`,
    '--format',
    '{{.CreatedAt}} {{.Mountpoint}}',
  ]);
  const tables = await psql(
    "select oid, relfilenode from pg_class where oid in ('public.orders'::regclass, 'public.fulfilments'::regclass) order by 1",
  );
  const rows = await psql(
    "select count(*), md5(string_agg(o::text, '|' order by key)) from orders o where key in (select key from protected_before.keys)",
  );
  return [volume, tables, rows].join('\n');
}

beforeAll(async () => {
  await tearDown(place);
  await claim(place);
  const stage = { screen, signal: abort.signal, stopwatch: new Stopwatch() };
  demo = await setUp(place, { ...stage, brokenRelease: false });
  await psql('create schema protected_before');
  await psql('create table protected_before.keys as select key from orders limit 500');
  before = await fingerprint();
}, longest);

afterAll(async () => {
  abort.abort();
  await tearDown(place);
}, 120_000);

/** A plan of one phase for the shop, with its stores and protected resources, and a checkpoint of its own making. */
function writePlan(steps: string, checkpoint?: (compose: string) => string): void {
  const own = readFileSync(join(place.shop, 'switchback.yml'), 'utf8');
  const head = own.slice(0, own.indexOf('\nbefore:')).replace(', tag: shop-v1', '');
  const baseline = readFileSync(join(place.shop, 'docker/v1-baseline.yml'), 'utf8');
  if (checkpoint) writeFileSync(join(place.shop, 'docker/attempt.yml'), checkpoint(baseline));
  const compose = checkpoint ? 'docker/attempt.yml' : 'docker/v1-baseline.yml';
  const phase = `phases:
  - id: attempt
    title: An attempt on what is protected
    checkpoint: { compose: ${compose}, env: docker/.env.v1 }
    steps: [ ${steps} ]
    verify: [ { services: 6, healthy: true } ]
`;
  writeFileSync(
    join(place.shop, 'attempt.yml'),
    `${head.replace('protect:', 'protect:\n  - { path: schemas }')}\n${phase}`,
  );
}
const lint = () => demo.operator.type('lint', 'attempt.yml');
interface Attempt {
  what: string;
  steps?: string;
  checkpoint?: (compose: string) => string;
}
const undo = 'undo: { statement: "SELECT 1" }';
const attempts: Attempt[] = [
  { what: 'a step that drops the table', steps: `{ sql: orders, statement: "DROP TABLE orders", ${undo} }` },
  { what: 'a step that deletes its rows', steps: `{ sql: orders, statement: "DELETE FROM public.orders", ${undo} }` },
  {
    what: 'an undo that drops it',
    steps: `{ sql: orders, statement: "SELECT 1", undo: { statement: 'drop table "orders" cascade' } }`,
  },
  { what: 'a glob over a protected folder', steps: `{ files: ["sch*/**"], ref: HEAD }` },
  { what: 'a checkpoint without the volume', checkpoint: (text) => text.replaceAll('db_data', 'other_data') },
  {
    what: 'a checkpoint that gives the volume another name',
    checkpoint: (text) => text.replace(/^  db_data:.*$/m, '  db_data: { name: elsewhere }'),
  },
];
// In base64, since text that a reader can put together is refused before anything runs.
const truncate = Buffer.from('truncate public.orders cascade').toString('base64');
const remove = Buffer.from('delete from public.orders').toString('base64');
const hidden: [string, string][] = [
  [
    'in dynamic SQL',
    `{ sql: orders, statement: "DO $$ BEGIN EXECUTE convert_from(decode('${truncate}', 'base64'), 'utf8'); END $$", undo: { statement: "SELECT 1" } }`,
  ],
  [
    'in a function that it calls',
    `{ sql: orders, statement: "CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE convert_from(decode('${remove}', 'base64'), 'utf8'); END $$; SELECT tidy()", undo: { statement: "DROP FUNCTION tidy()" } }`,
  ],
];

describe('[K9] what is protected', () => {
  it.each(attempts)('refuses $what before anything runs', async ({ steps = '', checkpoint }) => {
    writePlan(steps, checkpoint);
    screen.lines.length = 0;
    expect(await lint()).toBe(3);
    expect(screen.lines.join('\n')).toMatch(/attempt\.yml:\d+:\d+ error: .*protect/s);
  });

  it.each(hidden)(
    'stops a step that hides it %s, inside its own transaction',
    async (_how, steps) => {
      writePlan(steps);
      const { type, ask } = demo.operator;
      expect(await lint()).toBe(0);
      expect(await type('start', 'attempt.yml')).toBe(0);
      expect(await type('watch')).toBe(7);
      const { status } = await ask<{ status: RunStatus }>('status');
      expect(status).toMatchObject({ state: 'awaiting-operator', waiting: { error: { name: 'Protected' } } });
      expect(await type('rollback', '--reason', 'refused')).toBe(0);
      expect(await type('watch')).toBe(6);
    },
    longest,
  );

  it('is untouched after all of it', async () => {
    expect(await fingerprint()).toBe(before);
  });
});
