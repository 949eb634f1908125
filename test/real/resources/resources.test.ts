import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { checkBudgetHandler } from '../../../activities/effects/check-budget.ts';
import { checkpointSight } from '../../../activities/effects/checkpoint-sight.ts';
import { measureResourcesHandler } from '../../../activities/effects/measure-resources.ts';
import { hostMemory } from '../../../activities/resources/index.ts';
import type { Budget } from '../../../runbook/operations.ts';
import { compose, engine, makeStack, sleeper } from '../compose/stack-fixture.ts';
import { performWith, type TestTarget } from '../effect-context.ts';
import { sweepDead, sweepOwn } from '../own-names.ts';

const budget = checkBudgetHandler({ engine, checkpoints: checkpointSight({ engine, compose }) });
const measure = measureResourcesHandler({ engine });
const targets: TestTarget[] = [];
beforeAll(() => sweepDead(engine));
afterEach(() => sweepOwn(engine));
afterAll(() => Promise.all(targets.map((target) => target.remove())));

async function stack() {
  const made = await makeStack();
  targets.push(made.target);
  return made;
}

describe('resources', () => {
  it('[K12] are measured to a file and a table', async () => {
    const { target, checkpoint, apply, project } = await stack();
    const busy = sleeper({ command: ['bash', '-c', 'while :; do :; done'], cpus: 0.2, mem_limit: '64m' });
    await checkpoint('v1', { busy, idle: sleeper() });
    await apply('v1');
    const { performed } = await performWith(measure, target.context('measureResources', { phase: 'redpanda' }));
    const file = JSON.parse(await readFile(performed.facts['file'] as string, 'utf8'));
    expect(file).toMatchObject({ phase: 'redpanda', totals: { services: 2, containers: 2 } });
    expect(file.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const [first, second] = file.services;
    expect(first).toMatchObject({
      container: `${project}-busy-1`,
      service: 'busy',
      cpu: expect.stringMatching(/^\d+\.\d\d%$/),
      mem: expect.stringMatching(/^[\d.]+[KM]iB \/ 64MiB$/),
      mem_pct: expect.stringMatching(/^\d+\.\d\d%$/),
    });
    expect(first.cpus).toBeGreaterThan(second.cpus);
    const used = file.services.reduce((sum: number, row: { memory_bytes: number }) => sum + row.memory_bytes, 0);
    expect(file.totals.memory_bytes).toBe(used);
    expect(performed.facts['table']).toContain('Service count: 2');
  });

  it('[K14] of a coming checkpoint are compared with the budget before it starts', async () => {
    const { target, checkpoint } = await stack();
    const limits = (memory: string) => ({ deploy: { resources: { limits: { cpus: '0.5', memory } } } });
    await checkpoint('v2', { a: sleeper(limits('32m')), b: sleeper({ ...limits('16m'), scale: 2 }), c: sleeper() });
    const look = (over?: Budget) =>
      performWith(
        budget,
        target.context('checkBudget', {
          compose: 'docker/v2.yml',
          env: 'docker/v2.env',
          ...(over === undefined ? {} : { budget: over }),
        }),
      );
    const fits = (await look()).performed;
    expect(fits.summary).toMatch(
      /^3 services with limits of 1\.5 cpus and 64MiB: fits into .*; without a limit of memory: c$/,
    );
    expect(fits.facts).toMatchObject({ memoryBytes: 64 * 1024 ** 2, warnings: [] });
    const warned = (await look({ memoryBytes: 60 * 1024 ** 2, over: 'warn' })).performed;
    expect(warned.summary).toContain('warning: 64MiB memory, 4MiB over the budget of 60MiB');
    await expect(look({ cpus: 1, services: 2, over: 'stop' })).rejects.toMatchObject({
      name: 'ResourceExhausted',
      message: expect.stringContaining('1.5 cpus, 0.5 over the budget of 1; 3 services, 1 over the budget of 2'),
    });
  });

  it('[K14] are refused where the host does not have them', async () => {
    const { target, checkpoint } = await stack();
    await checkpoint('huge', { a: sleeper({ mem_limit: '4t' }) });
    const input = { compose: 'docker/huge.yml', env: 'docker/huge.env' };
    const stop = { ...input, budget: { over: 'stop' as const } };
    await expect(performWith(budget, target.context('checkBudget', stop))).rejects.toThrow(
      /4TiB memory, .* over the host's free/,
    );
    const { performed } = await performWith(budget, target.context('checkBudget', input, { id: 'p/b/02' }));
    expect(performed.facts['warnings']).toHaveLength(1);
  });

  it('knows what the host has', async () => {
    const memory = await hostMemory(engine, 'no-such-project');
    expect(memory.forProjectBytes).toBeGreaterThan(0);
    expect(memory.forProjectBytes).toBeLessThanOrEqual(memory.totalBytes);
  });
});
