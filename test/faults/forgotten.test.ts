import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { RunState } from '../../runbook/run-state.ts';
import { broken } from './chaos/invariants.ts';
import { chaosSuite } from './chaos/suite.ts';

const longest = 10 * 60_000;

const suite = chaosSuite();

async function until(state: RunState): Promise<void> {
  for (const deadline = Date.now() + 240_000; ;) {
    const now = await suite.stage.status();
    if (now?.state === state) return;
    if (Date.now() > deadline) throw new Error(`it is ${now?.state ?? 'nothing'}, not ${state}`);
    await wait(300);
  }
}

/** A worker that has just been started takes work in a moment; until then, commands are refused with 10. */
const noWorker = 10;
const type = async (...words: string[]) => {
  let { code, error } = await suite.stage.type(...words);
  for (const deadline = Date.now() + 30_000; code === noWorker && Date.now() < deadline;) {
    await wait(300);
    ({ code, error } = await suite.stage.type(...words));
  }
  expect({ words, code, error: code === 0 ? '' : error }).toEqual({ words, code: 0, error: '' });
};
const rollback = ['rollback', '--to', 'baseline', '--reason', 'a test'];

/** The plan is run to its end, and its rollback fails at its first step, once. */
async function untilParked(): Promise<void> {
  await suite.stage.killWorkers();
  suite.stage.startWorker({ SWITCHBACK_FAILPOINT: 'before-effect:throw:rollback-' });
  await type('start');
  await until('completed');
  await type(...rollback);
  await until('rollback-paused');
  await suite.stage.killWorkers();
}

describe('a way back that Temporal has forgotten', () => {
  it(
    '[K7][T4] is gone from the journal alone after completion, with the database of Temporal wiped',
    async () => {
      suite.stage.startWorker();
      await type('start');
      await until('completed');
      await suite.stage.killWorkers();
      await suite.stage.server.wipe();
      await suite.stage.server.up();
      expect(await suite.stage.status()).toMatchObject({ state: 'completed' });
      suite.stage.startWorker();
      await type(...rollback);
      await until('rolled-back');
      expect(await broken(suite.stage, suite.before)).toEqual([]);
    },
    longest,
  );

  it(
    '[T4] that was parked is resumed by another build of the worker, after another start of the server, with all caches gone',
    async () => {
      await untilParked();
      await suite.stage.server.kill();
      await suite.stage.server.up();
      for (const image of (await suite.stage.docker('images', '--quiet', 'switchback-helper'))
        .split('\n')
        .filter(Boolean))
        await suite.stage.docker('rmi', '--force', image);
      suite.stage.startWorker({ XDG_CACHE_HOME: `${suite.stage.folder}/empty` }, await suite.stage.anotherBuild());
      await until('rollback-paused');
      await type('resume');
      await until('rolled-back');
      expect(await broken(suite.stage, suite.before)).toEqual([]);
    },
    longest,
  );

  it(
    '[T4] that was parked is begun anew after the database of Temporal was wiped',
    async () => {
      await untilParked();
      await suite.stage.server.wipe();
      await suite.stage.server.up();
      suite.stage.startWorker();
      await type(...rollback);
      await until('rolled-back');
      expect(await broken(suite.stage, suite.before)).toEqual([]);
    },
    longest,
  );
});
