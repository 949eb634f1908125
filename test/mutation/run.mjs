#!/usr/bin/env node
// npm run test:mutation                              every group of groups.mjs
// npm run test:mutation -- points journal            these groups
// npm run test:mutation -- runbook/retention.ts      this file alone
// Results are kept in .cache/mutation: a mutant runs again when a test that reaches it has changed, and all do when code has.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { groups } from './groups.mjs';
import { scoreLine, survivors } from './scores.mjs';

const asked = process.argv.slice(2);
const tracked = execFileSync('git', ['ls-files', '*.ts'], { encoding: 'utf8' }).split('\n');
const filesOf = ({ files }) =>
  files.flatMap((pattern) =>
    pattern.endsWith('/*.ts')
      ? tracked.filter((file) => file.startsWith(pattern.slice(0, -4)) && !file.slice(pattern.length - 4).includes('/'))
      : [pattern].filter((file) => existsSync(file)),
  );

let failed = 0;
mkdirSync('.cache/mutation', { recursive: true });
for (const [name, group] of Object.entries(groups)) {
  const all = filesOf(group);
  const files = asked.length === 0 || asked.includes(name) ? all : all.filter((file) => asked.includes(file));
  if (files.length === 0) continue;
  const began = Date.now();
  const { file: digestFile, digest, changed } = surroundings(name);
  const options = ['--logLevel', 'warn', ...(changed ? ['--force'] : [])];
  const { status } = spawnSync('npx', ['stryker', 'run', 'stryker.config.mjs', ...options], {
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      MUTATION_GROUP: name,
      MUTATION_FILES: files.join(','),
      MUTATION_TESTS: group.tests.join(','),
    },
  });
  if (status !== 0) {
    failed += 1;
    continue;
  }
  if (files.length === all.length) writeFileSync(digestFile, digest);
  const report = JSON.parse(readFileSync(`.cache/mutation/${name}.json`, 'utf8'));
  for (const file of files) {
    console.log(scoreLine(file, report.files[file]));
    for (const line of survivors(report.files[file])) console.log(`    ${line}`);
  }
  console.log(`${name}: ${Math.round((Date.now() - began) / 1000)} s`);
}

/** What Stryker does not look at when it uses a result again: any code, since a mutant's fate depends on more than its own file, and what tests share. */
function surroundings(name) {
  const file = `.cache/mutation/${name}.digest`;
  const hash = createHash('sha256');
  for (const path of tracked) {
    if (!/^(runbook|journal|activities|test)\//.test(path) || path.endsWith('.test.ts') || !existsSync(path)) continue;
    hash.update(path).update(readFileSync(path));
  }
  const digest = hash.digest('hex');
  return { file, digest, changed: !existsSync(file) || readFileSync(file, 'utf8') !== digest };
}

process.exitCode = failed === 0 ? 0 : 1;
