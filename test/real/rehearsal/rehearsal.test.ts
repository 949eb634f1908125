import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engine } from '../compose/stack-fixture.ts';
import { sweepDead, sweepOwn } from '../own-names.ts';
import { RehearsalStage, smallStack, type RehearsedStack } from './rehearsal-fixture.ts';

let stage: RehearsalStage;
beforeAll(async () => {
  process.env['DB_PASSWORD'] = 'admin-secret';
  await sweepDead(engine);
  stage = await RehearsalStage.start();
}, 600_000);
afterAll(async () => {
  await stage?.stop();
  await sweepOwn(engine);
}, 120_000);

async function running(files: Record<string, string>): Promise<RehearsedStack> {
  const stack = await stage.stack(files);
  await stack.up();
  await stack.sql(
    `create table orders (id int primary key, customer text, price numeric); insert into orders select n, 'c' || n % 7, n from generate_series(1, 500) n`,
  );
  await stack.exec('app', 'bash', '-c', 'echo one > /data/a; mkdir /data/sub; echo two > /data/sub/b');
  return stack;
}

describe('a rehearsal', () => {
  it('holds, measures the way back, and leaves the original alone', async () => {
    const stack = await running(smallStack());
    const look = () => stack.fingerprint(['app_data'], ['select * from orders order by id']);
    const before = await look();
    const [found] = await stack.rehearse();
    console.log(JSON.stringify(found, null, 2));
    expect(found).toMatchObject({ phase: 'two', outcome: 'held', differences: [] });
    expect(await look()).toEqual(before);
    expect(await stack.remains()).toEqual([]);
  }, 240_000);
});
