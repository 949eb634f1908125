import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import type { TestTarget } from '../effect-context.ts';
import { sweepDead, sweepOwn } from '../own-names.ts';
import { killedStack } from './killed-stack.ts';
import { engine } from './stack-fixture.ts';

const targets: TestTarget[] = [];

beforeAll(() => sweepDead(engine));
afterEach(() => sweepOwn(engine));
afterAll(() => Promise.all(targets.map((target) => target.remove())));

// All moments, one after the other, are in `test/faults`.
it.each([
  ['between the two active files', 'noted file:.env', false],
  ['while Compose recreates, which goes on', ': recreate', false],
  ['while Compose recreates, with Compose itself', ': recreate', true],
  ['when all is up, before that is written down', 'before noting containers', false],
])('[T4] a worker killed %s: the next attempt ends as an undisturbed one', async (_when, at, withCompose) => {
  const stack = await killedStack();
  targets.push(stack.target);
  expect(await stack.attempt(at, withCompose)).toBeUndefined();
  const { performed } = await stack.finish();
  expect(performed.summary).toMatch(/^v2 is active: 4 services ready/);
  await stack.expectSecondCheckpoint();
});
