import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { broken } from './chaos/invariants.ts';
import { chaosSuite } from './chaos/suite.ts';

const longest = 20 * 60_000;

const suite = chaosSuite();

/** Operations with enough between them that a zombie, once it is refused, is gone before the next one begins. */
const operations = [
  'before/before/01-recordBefore',
  'expand/backup/02-backupVolume',
  'expand/apply/01-applySql',
  'switch/backup/01-backupStore',
  'switch/cutover/02-applyCheckpoint',
  '/03-',
];

/** Where an attempt is frozen. Whoever is frozen before its effect must not have it later; afterwards, must not report it. */
describe.each(['before-effect', 'after-effect'])('a worker that is frozen %s', (moment) => {
  it(
    '[T4] is refused when it thaws beside its successor, and the journal shows it',
    async () => {
      const from = await suite.stage.journalLines();
      const frozen = await thereAndBack(moment, from);
      const since = suite.stage.journal.records.slice(from);
      const receipts = since.flatMap((line) => (line.type === 'receipt' ? [line.operation] : []));
      process.stdout.write(`${moment}: frozen and refused: ${frozen.join(', ')}\n`);
      expect(frozen).toHaveLength(operations.length);
      expect(receipts).toHaveLength(new Set(receipts).size);
      expect(await broken(suite.stage, suite.before)).toEqual([]);
    },
    longest,
  );
});

/** Runs the plan and takes it back; the worker at each of the operations freezes in it. @returns their ids, each refused later */
async function thereAndBack(moment: string, from: number): Promise<string[]> {
  const frozen: string[] = [];
  await suite.stage.killWorkers();
  const next = () =>
    suite.stage.startWorker({ SWITCHBACK_FAILPOINT: `${moment}:stop:${operations[frozen.length] ?? 'none'}` });
  let worker = next();
  await untilStarted();
  let turned = false;
  for (const deadline = Date.now() + longest; ;) {
    await wait(200);
    if (Date.now() > deadline) throw new Error(`it takes too long; frozen were ${frozen.join(', ')}`);
    if (await isFrozen(worker)) {
      const zombie = worker;
      const operation = await inTheMiddle();
      frozen.push(operation);
      worker = next();
      await until('receipt', operation, from);
      zombie.kill('SIGCONT');
      await until('refused', operation, from);
      zombie.kill('SIGKILL');
      continue;
    }
    const state = (await suite.stage.journal.refresh()).runs.at(-1)?.state;
    if (state === 'rolled-back' && turned) return frozen;
    if (state === 'awaiting-operator') await suite.stage.type('retry');
    if (state === 'rollback-paused') await suite.stage.type('resume');
    if (state === 'completed' && !turned)
      turned = (await suite.stage.type('rollback', '--to', 'baseline', '--reason', 'a test')).code === 0;
  }
}

/** A worker that has just been started takes work in a moment. */
async function untilStarted(): Promise<void> {
  for (const deadline = Date.now() + 60_000; (await suite.stage.type('start')).code !== 0;) {
    if (Date.now() > deadline) throw new Error('no run could be started');
    await wait(300);
  }
}

async function isFrozen({ pid }: ChildProcess): Promise<boolean> {
  const said = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return said.split(') ')[1]?.startsWith('T') ?? false;
}

/** The operation that was begun and has no receipt. */
async function inTheMiddle(): Promise<string> {
  const { operations } = await suite.stage.journal.refresh();
  const begun = [...operations.values()].filter(({ status }) => status === 'intended').at(-1);
  if (!begun) throw new Error('nothing is in the middle');
  return begun.operation.id;
}

/** Waits until the journal has a line of that type about the operation. */
async function until(type: 'receipt' | 'refused', operation: string, from: number): Promise<void> {
  const told = () =>
    suite.stage.journal.records.slice(from).some((line) => line.type === type && line.operation === operation);
  for (const deadline = Date.now() + 120_000; !told();) {
    await wait(100);
    await suite.stage.journal.refresh();
    if (Date.now() > deadline) throw new Error(`there is no ${type} of ${operation}`);
  }
}
