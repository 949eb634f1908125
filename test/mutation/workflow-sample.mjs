#!/usr/bin/env node
// node test/mutation/workflow-sample.mjs                 100 mutants of workflows/*.ts, chosen by seed 1
// node test/mutation/workflow-sample.mjs --seed 7 --count 20
// node test/mutation/workflow-sample.mjs --figures       what is known so far, without running anything
// Each mutant gets a bundle of its own, and test/workflows runs on it until a test fails. Results are kept in .cache/mutation/workflows.json,
// by what was changed: a call that was broken off is continued by the next one.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { allMutants, mutated, sampleOf } from './workflow-mutants.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    figures: { type: 'boolean', default: false },
  },
});
const folder = resolve('.cache/mutation');
const results = join(folder, 'workflows.json');
/** Far more than all tests take: whatever is not over by then waits for something that never comes. */
const longestSeconds = 600;

const keyOf = ({ fileName, location, replacement }, source) =>
  createHash('sha256')
    .update(JSON.stringify([source, fileName, location, replacement]))
    .digest('hex')
    .slice(0, 16);

mkdirSync(folder, { recursive: true });
const known = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
const all = await allMutants();
const sample = sampleOf(all, Number(values.count), Number(values.seed));
if (!values.figures && !known.unchanged) {
  const { status, seconds, by } = await judge(undefined);
  if (status !== 'survived') throw new Error(`the tests fail on workflows that nobody has changed: ${by ?? status}`);
  console.log(`unchanged: ${seconds} s`);
  known.unchanged = { status, seconds };
}
for (const [index, mutant] of sample.entries()) {
  const source = readFileSync(mutant.fileName, 'utf8');
  const key = keyOf(mutant, source);
  if (!known[key] && values.figures) continue;
  known[key] ??= { ...describe(mutant, source), ...(await judge({ mutant, source })) };
  writeFileSync(results, JSON.stringify(known, null, 1));
  const { status, seconds, where, change, by } = known[key];
  console.log(`${index + 1}/${sample.length} ${status} (${seconds} s) ${where} ${change}${by ? ` — ${by}` : ''}`);
}
const told = sample.map((mutant) => known[keyOf(mutant, readFileSync(mutant.fileName, 'utf8'))]).filter(Boolean);
const count = (status) => told.filter((one) => one.status === status).length;
console.log(
  `${told.length} of ${sample.length} tried (of ${all.length}): ${count('killed')} killed, ${count('timeout')} did not end, ${count('survived')} survived`,
);

function describe({ fileName, location: { start, end }, mutatorName, replacement }, source) {
  const lines = source.split('\n').slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  const short = (text) => text.replace(/\s+/g, ' ').slice(0, 90);
  return {
    where: `${fileName}:${start.line + 1}:${start.column + 1}`,
    change: `${mutatorName}: ${short(lines.join(' '))} → ${short(replacement)}`,
  };
}

/** Runs test/workflows on a copy of the workflows in which one thing is changed, or none. */
async function judge(change) {
  const copy = resolve('.cache/workflow-mutant');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync('workflows', join(copy, 'workflows'), { recursive: true });
  symlinkSync(resolve('runbook'), join(copy, 'runbook'));
  if (change) writeFileSync(join(copy, change.mutant.fileName), mutated(change.source, change.mutant));
  const began = Date.now();
  const child = spawn(
    'scripts/jest',
    [
      ...['test/workflows', '--silent', '--testTimeout', '90000', '--forceExit', '--maxWorkers', '3'],
      ...['--reporters', join(import.meta.dirname, 'first-failure.mjs'), '--selectProjects', 'workflows'],
    ],
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, SWITCHBACK_TEST_WORKFLOWS: join(copy, 'workflows/index.ts') },
    },
  );
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    endAll(child.pid);
  }, longestSeconds * 1000);
  const code = await new Promise((ended) => child.on('close', ended));
  clearTimeout(limit);
  endAll(child.pid);
  const by = /failed: (.*)/.exec(said)?.[1];
  const status = late ? 'timeout' : code === 0 ? 'survived' : 'killed';
  return { status, seconds: Math.round((Date.now() - began) / 1000), ...(by && { by }) };
}

/** The group of a process that was started here: Jest, its workers and the server. */
function endAll(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All have ended.
  }
}
