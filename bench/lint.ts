import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, print } from './figures.ts';

/** A round is the parser alone, then `lint`; each is a process of its own. */
const rounds = Number(process.env['SWITCHBACK_BENCH_ROUNDS'] ?? 5);
const oneMegabyte = 1024 * 1024;

/** A migration as a generated one is: tables, columns, indexes, functions and rows. */
function migration(): string {
  const statements: string[] = [];
  for (let [at, bytes] = [0, 0]; bytes < oneMegabyte; at += 1) {
    const text = [
      `create table t${at} (id bigint generated always as identity primary key, name text not null, data jsonb default '{}', at timestamptz default now());`,
      `create index on t${at} (lower(name)) where data ->> 'kind' = 'a';`,
      `insert into t${at} (name, data) values ${Array.from({ length: 20 }, (_, row) => `('row ${row} of ${at}', '{"kind": "a"}')`).join(', ')};`,
      `create function f${at}(n int) returns int language plpgsql as $$ begin update t${at} set name = name || n where id = n; return n; end $$;`,
      `alter table t${at} add column note varchar(200), add constraint c${at} check (name <> '');`,
    ].join('\n');
    statements.push(text);
    bytes += text.length + 1;
  }
  return statements.join('\n');
}

const plan = `switchback: 1
name: bench
title: A large migration
stack: { directory: ., project: bench, compose: docker-compose.yml }
stores: { shop: { kind: postgres, url: '\${file:/run/secrets/shop}' } }
protect: [ { store: shop, tables: ['public.orders', 'public.customers'], allow: expand } ]
baseline: { compose: docker/v1.yml, services: 1 }
objectives: { detection: 1m, decision: 1m, execution: 1m, verification: 1m }
phases:
  - id: a
    title: A large migration
    risk: low
    checkpoint: { compose: docker/v1.yml }
    steps: [ { sql: shop, file: FILE, undo: small.sql } ]
    verify: [ { services: 1 } ]
`;

const bare = `import { parse } from 'libpg-query'; import { readFileSync } from 'node:fs';
const { stmts } = await parse(readFileSync(process.argv[1], 'utf8')); if (stmts.length < 1) process.exit(1);`;

/** How long `lint` takes of a migration of 1 MB, against PostgreSQL's parser alone, which says nothing of what it reads. */
export function lint(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-bench-'));
  const at = (name: string) => join(folder, name);
  mkdirSync(at('docker'));
  for (const file of ['docker-compose.yml', 'docker/v1.yml'])
    writeFileSync(at(file), 'services: { web: { image: "web:1" } }\n');
  writeFileSync(at('large.sql'), migration());
  writeFileSync(at('small.sql'), 'select 1;\n');
  for (const file of ['large', 'small']) writeFileSync(at(`${file}.yml`), plan.replace('FILE', `${file}.sql`));
  const main = fileURLToPath(new URL('../client/main.js', import.meta.url));
  const project = fileURLToPath(new URL('../..', import.meta.url));
  const timed = (into: number[], ...argv: string[]) => {
    const began = performance.now();
    const { status, stderr, stdout } = spawnSync(process.execPath, argv, { cwd: project, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${argv.slice(0, 3).join(' ')} ended with ${status}: ${stdout}${stderr}`);
    into.push(performance.now() - began);
  };
  const took: Record<'bare' | 'large' | 'small', number[]> = { bare: [], large: [], small: [] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      timed(took.bare, '--input-type=module', '--eval', bare, at('large.sql'));
      timed(took.large, main, 'lint', at('large.yml'));
      timed(took.small, main, 'lint', at('small.yml'));
    }
    print("PostgreSQL's parser alone, 1 MB, ms", took.bare);
    print('lint of a plan with a migration of 1 MB, ms', took.large);
    print('lint of the same plan with one of a line, ms', took.small);
    print("of the parser's time", [median(took.large) / median(took.bare)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return Promise.resolve();
}
