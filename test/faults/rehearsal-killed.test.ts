import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RehearsalStage, smallStack, type RehearsedStack } from '../real/rehearsal/rehearsal-fixture.ts';
import { engine } from '../real/compose/stack-fixture.ts';
import { sweepDead, sweepOwn } from '../real/own-names.ts';

let stage: RehearsalStage;
let stack: RehearsedStack;
let worker: ChildProcess;

beforeAll(async () => {
  await sweepDead(engine);
  stage = await RehearsalStage.start(false);
  worker = await stage.spawn();
  stack = await stage.stack(smallStack());
  await stack.up();
  await stack.sql('create table orders (id int primary key, customer text); insert into orders values (1, $$one$$)');
}, 600_000);
afterAll(async () => {
  worker.kill('SIGKILL');
  await stage.stop();
  await sweepOwn(engine);
}, 120_000);

const look = () => stack.fingerprint(['app_data'], ['select * from orders order by id']);

/** Waits until the journal of the clone tells of an operation, or the clone has a thing of that name. */
async function until(moment: () => Promise<boolean>): Promise<void> {
  while (!(await moment())) await wait(20);
}
async function journalOfClone(): Promise<string> {
  const targets = join(stage.home, 'targets');
  const clone = (await readdir(targets).catch(() => [])).find((name) => name.startsWith(`${stack.project}.`));
  return clone === undefined ? '' : readFile(join(targets, clone, 'journal.jsonl'), 'utf8').catch(() => '');
}
const tellsOf = (operation: string) => until(async () => (await journalOfClone()).includes(`"id":"${operation}`));

describe('a rehearsal whose worker is killed', () => {
  it('ends as if nothing had been, with no clone left and the original untouched', async () => {
    const before = await look();
    const handle = await stack.begin();
    const moments = [
      () => until(async () => (await stack.remains()).length > 1),
      () => tellsOf('two/cutover/'),
      () => tellsOf('rollback-1/'),
    ];
    for (const moment of moments) {
      await moment();
      worker.kill('SIGKILL');
      worker = await stage.spawn();
    }
    const [found] = await handle.result();
    expect(found).toMatchObject({ outcome: 'held', differences: [] });
    expect(await stack.remains()).toEqual([]);
    expect(await look()).toEqual(before);
  }, 600_000);

  it('is cleared away by the next one when its workflow was terminated', async () => {
    const before = await look();
    const handle = await stack.begin();
    await tellsOf('two/cutover/');
    await handle.terminate('a test');
    worker.kill('SIGKILL');
    worker = await stage.spawn();
    expect((await stack.remains()).length).toBeGreaterThan(3);
    expect(await stack.rehearse()).toMatchObject([{ outcome: 'held' }]);
    expect(await stack.remains()).toEqual([]);
    expect(await look()).toEqual(before);
  }, 600_000);
});
