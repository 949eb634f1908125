import { readdir } from 'node:fs/promises';
import { expect } from '@jest/globals';

import { composeLock } from '../../../activities/compose/compose-cli.ts';
import { newestGeneration } from '../../../activities/compose/lock-generation.ts';
import { performWith } from '../effect-context.ts';
import { attemptInChild } from './attempt-killed.ts';
import { applyCheckpoint, engine, image, makeStack, sleeper } from './stack-fixture.ts';

/** A stack at its first checkpoint, ready to be brought to the second one by processes that are killed. */
export async function killedStack() {
  const made = await makeStack();
  const { target, project, checkpoint, apply, input, containers } = made;
  const init = { image, command: ['true'] };
  const waits = { depends_on: { init: { condition: 'service_completed_successfully' } } };
  await checkpoint(
    'v1',
    { init, api: sleeper(waits), db: sleeper({ container_name: `${project}-fixed` }), old: sleeper() },
    { env: 'A=1\n' },
  );
  await checkpoint(
    'v2',
    {
      init,
      api: sleeper({ ...waits, hostname: 'two' }),
      db: sleeper({ container_name: `${project}-fixed`, hostname: 'db' }),
      fresh: sleeper(),
    },
    { env: 'A=2\n' },
  );
  await apply('v1');
  const operation = 'phase/apply/02-v2';
  const prepared = await applyCheckpoint.prepare(
    input('v2'),
    target.context('applyCheckpoint', input('v2'), { id: operation }),
  );

  /** One attempt that dies at a moment. Returns what it said when it lived on. */
  const attempt = async (at: number | string, withCompose: boolean) => {
    const { root, options } = target;
    const lived = await attemptInChild({ root, options, operation, input: input('v2'), prepared, at, withCompose });
    await target.reload();
    return lived;
  };
  /** An attempt in this process, which finishes whatever the others left. */
  const finish = () =>
    performWith(applyCheckpoint, target.context('applyCheckpoint', input('v2'), { id: operation }), prepared);

  /** All that must hold at the end, whatever was killed on the way. */
  const expectSecondCheckpoint = async () => {
    const listed = await engine.listByLabel({ 'com.docker.compose.project': project });
    expect(listed.map((container) => container.Names.join()).sort()).toEqual(
      ['api-1', 'fixed', 'fresh-1', 'init-1', 'old-1'].map((name) => `/${project}-${name}`),
    );
    const now = await containers();
    expect(Object.fromEntries(Object.entries(now).map(([service, { state }]) => [service, state]))).toEqual({
      api: 'running',
      db: 'running',
      fresh: 'running',
      init: 'exited',
      // It is no longer in the checkpoint: stopped, and kept for the way back.
      old: 'exited',
    });
    expect((await engine.inspectContainer(now['db']!.id))?.Config.Hostname).toBe('db');
    expect(await target.read('docker-compose.yml')).toBe(await target.read('docker/v2.yml'));
    expect(await target.read('.env')).toBe('A=2\n');
    expect((await readdir(target.directory)).sort()).toEqual(['.env', 'docker', 'docker-compose.yml']);
    expect((await newestGeneration(composeLock(target.home.root, project)))?.holder.released).toBe(true);
    expect(await readdir(target.home.scratch)).toEqual([]);
    expect(target.identities.get('file:docker-compose.yml')).not.toContain('|');
  };
  return { ...made, attempt, finish, expectSecondCheckpoint };
}
