import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { killedStack } from '../real/compose/killed-stack.ts';
import { engine } from '../real/compose/stack-fixture.ts';
import type { TestTarget } from '../real/effect-context.ts';
import { sweepDead, sweepOwn } from '../real/own-names.ts';

const targets: TestTarget[] = [];

beforeAll(() => sweepDead(engine));
afterEach(() => sweepOwn(engine));
afterAll(() => Promise.all(targets.map((target) => target.remove())));

it.each([
  ['alone', false],
  ['with Compose', true],
])(
  '[T4] a worker killed %s at each moment in turn brings the stack to the checkpoint',
  async (_how, withCompose) => {
    const stack = await killedStack();
    targets.push(stack.target);
    let deaths = 0;
    // Each attempt finds what all before it left, and dies one moment later.
    while (!(await stack.attempt(deaths + 1, withCompose))) deaths += 1;
    expect(deaths).toBeGreaterThan(5);
    await stack.expectSecondCheckpoint();
  },
  900_000,
);
