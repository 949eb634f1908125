import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { broken, fingerprint } from './chaos/invariants.ts';
import { ChaosStage } from './chaos/stage.ts';

const longest = 20 * 60_000;

let stage: ChaosStage;
let before: Record<string, string>;

beforeAll(async () => {
  stage = await ChaosStage.start();
  before = await fingerprint(stage);
  stage.customers.begin();
}, longest);
afterAll(() => stage?.stop(), 120_000);

/** Where an attempt is frozen. Whoever is frozen before its effect must not have it later; afterwards, must not report it. */
describe.each(['before-effect', 'after-effect'])('a worker that is frozen %s of each operation', (moment) => {
  it(
    '[T4] is refused when it thaws beside its successor, and the journal shows it',
    async () => {
      const linesBefore = await stage.journalLines();
      const frozen = await thereAndBack(`${moment}:stop`);
      const since = stage.journal.records.slice(linesBefore);
      const refused = new Set(since.flatMap((line) => (line.type === 'refused' ? [line.operation] : [])));
      const receipts = since.flatMap((line) => (line.type === 'receipt' ? [line.operation] : []));
      process.stdout.write(`${moment}: ${frozen.length} attempts frozen, ${refused.size} refused\n`);
      expect(frozen.length).toBeGreaterThan(20);
      expect([...refused].sort()).toEqual([...new Set(frozen)].sort());
      expect(receipts).toHaveLength(new Set(receipts).size);
      expect(await broken(stage, before)).toEqual([]);
    },
    longest,
  );
});

/** Runs the plan and takes it back with workers that each freeze in the first attempt that they make. @returns the operations */
async function thereAndBack(failpoint: string): Promise<string[]> {
  const frozen: string[] = [];
  const from = await stage.journalLines();
  for (const worker of stage.workers) worker.kill('SIGKILL');
  let worker = stage.startWorker({ SWITCHBACK_FAILPOINT: failpoint });
  expect((await stage.type('start')).code).toBe(0);
  let turned = false;
  for (const deadline = Date.now() + longest; ;) {
    await wait(200);
    if (Date.now() > deadline) throw new Error('it takes too long');
    if (await isFrozen(worker)) {
      const zombie = worker;
      const operation = await inTheMiddle();
      frozen.push(operation);
      worker = stage.startWorker({ SWITCHBACK_FAILPOINT: failpoint });
      await until('receipt', operation, from);
      zombie.kill('SIGCONT');
      await until('refused', operation, from);
      zombie.kill('SIGKILL');
      continue;
    }
    const state = (await stage.journal.refresh()).runs.at(-1)?.state;
    if (state === 'rolled-back' && turned) return frozen;
    if (state === 'completed' && !turned)
      turned = (await stage.type('rollback', '--to', 'baseline', '--reason', 'a test')).code === 0;
  }
}

async function isFrozen({ pid }: ChildProcess): Promise<boolean> {
  const said = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return said.split(') ')[1]?.startsWith('T') ?? false;
}

/** The operation that was begun and has no receipt. */
async function inTheMiddle(): Promise<string> {
  const { operations } = await stage.journal.refresh();
  const begun = [...operations.values()].filter(({ status }) => status === 'intended').at(-1);
  if (!begun) throw new Error('nothing is in the middle');
  return begun.operation.id;
}

/** Waits until the journal has a line of that type about the operation. */
async function until(type: 'receipt' | 'refused', operation: string, from: number): Promise<void> {
  const told = () =>
    stage.journal.records.slice(from).some((line) => line.type === type && line.operation === operation);
  for (const deadline = Date.now() + 120_000; !told();) {
    await wait(100);
    await stage.journal.refresh();
    if (Date.now() > deadline) throw new Error(`there is no ${type} of ${operation}`);
  }
}
