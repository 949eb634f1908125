import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { DockerEngine } from '../../../activities/docker/index.ts';
import { runChecksHandler } from '../../../activities/effects/run-checks.ts';
import { watchBakeHandler } from '../../../activities/effects/watch-bake.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import type { Check } from '../../../runbook/checks.ts';
import { performWith, TestTarget } from '../effect-context.ts';
import { ownName } from '../own-names.ts';

const engine = new DockerEngine();
const deps = { engine, stores: storeDrivers(engine), runInService: () => Promise.reject(new Error('unused')) };
let server: Server;
let target: TestTarget;
/** Status of each answer in turn; the last one stays. */
let answers: number[];
let asked: number;
let checks: Check[];

beforeEach(async () => {
  asked = 0;
  server = createServer((_request, response) => {
    response.writeHead(answers[Math.min(asked, answers.length - 1)]!).end();
    asked += 1;
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  checks = [{ kind: 'http', url, status: 200, underMs: 5000 }];
  target = await TestTarget.make({ project: ownName('watch') });
});
afterEach(async () => {
  server.close().closeAllConnections();
  await target.remove();
});

describe('checks of a phase', () => {
  const run = (consecutive: number, withinSeconds: number) =>
    performWith(
      runChecksHandler(deps),
      target.context('runChecks', { checks, withinSeconds, everySeconds: 0.01, consecutive }),
    );

  it('wait until they are good so many times in a row', async () => {
    answers = [503, 200, 503, 200, 200, 200];
    const { performed } = await run(3, 30);
    expect(performed.facts).toMatchObject({ verdict: 'successful', samples: 6 });
    expect(target.told.some(({ doing }) => doing.includes('status 503, expected 200'))).toBe(true);
  });

  it('say no when the time is up, with what was found', async () => {
    answers = [500];
    await expect(run(1, 0.05)).rejects.toMatchObject({
      name: 'CheckFailed',
      message: expect.stringContaining('status 500, expected 200'),
    });
  });

  it('say that nothing was measured, which is no answer', async () => {
    checks = [{ kind: 'http', url: 'http://no-such-host.invalid/', status: 200, underMs: 1000 }];
    await expect(run(1, 0)).rejects.toMatchObject({ name: 'NotReady', facts: { verdict: 'error' } });
  });

  it('say so when they were good, but not often enough', async () => {
    answers = [200];
    await expect(run(50, 0)).rejects.toMatchObject({ name: 'CheckFailed', facts: { verdict: 'inconclusive' } });
  });
});

describe('a bake', () => {
  const watch = (forSeconds: number, signal?: AbortSignal) =>
    performWith(
      watchBakeHandler(deps),
      target.context(
        'watchBake',
        { checks, forSeconds, everySeconds: 0.01, triggers: [{ healthFailures: 3, decide: 'emergency' }] },
        signal === undefined ? {} : { signal },
      ),
    );

  it('ends well when no trigger fires', async () => {
    answers = [200, 500, 500, 200];
    const { performed } = await watch(0.3);
    expect(performed.facts).toMatchObject({ failed: 2, failedInRow: 0, verdict: 'successful' });
  });

  it('fires on so many failures in a row, and says what that means', async () => {
    answers = [200, 500, 500, 200, 500];
    await expect(watch(600)).rejects.toMatchObject({
      name: 'CheckFailed',
      message: expect.stringContaining('3 samples in a row failed, which means emergency'),
      facts: { decide: 'emergency', failedInRow: 3 },
    });
    expect(asked).toBe(7);
  });

  it('does not end well on a last sample that is not good', async () => {
    answers = [200, 500];
    await expect(watch(0)).resolves.toBeDefined();
    await expect(watch(0)).rejects.toMatchObject({ name: 'CheckFailed' });
  });

  it('goes on after a crash with the failures that it had counted', async () => {
    answers = [500];
    const crash = new AbortController();
    const dying = performWith(
      watchBakeHandler(deps),
      target.context(
        'watchBake',
        { checks, forSeconds: 600, everySeconds: 60, triggers: [{ healthFailures: 2, decide: 'full' }] },
        { signal: crash.signal, onProgress: () => crash.abort(new Error('the worker died')) },
      ),
    );
    await expect(dying).rejects.toThrow('the worker died');
    expect(asked).toBe(1);
    const again = performWith(
      watchBakeHandler(deps),
      target.context('watchBake', {
        checks,
        forSeconds: 600,
        everySeconds: 60,
        triggers: [{ healthFailures: 2, decide: 'full' }],
      }),
    );
    await expect(again).rejects.toMatchObject({ facts: { decide: 'full', failedInRow: 2 } });
    expect(asked).toBe(2);
  });
});
