import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { SwitchbackError } from '../../../runbook/errors.ts';
import type { PreflightCheck } from '../../../runbook/operations.ts';
import { DockerEngine } from '../../../activities/docker/index.ts';
import { checkPreflightHandler } from '../../../activities/effects/check-preflight.ts';
import { checkpointSight } from '../../../activities/effects/checkpoint-sight.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import { PostgresServer } from '../../stores/postgres-server.ts';
import { Repository } from '../../activities/git/repository.ts';
import { compose, engine, makeStack, sleeper } from '../compose/stack-fixture.ts';
import { performWith, type TestTarget } from '../effect-context.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';

const preflight = checkPreflightHandler({
  engine,
  stores: storeDrivers(engine),
  checkpoints: checkpointSight({ engine, compose }),
  runInService: () => Promise.reject(new Error('no check here runs a command')),
});
const targets: TestTarget[] = [];
let server: PostgresServer;
beforeAll(async () => {
  await sweepDead(engine);
  server = await PostgresServer.start();
});
afterEach(() => sweepOwn(engine));
afterAll(async () => {
  await server.stop();
  await Promise.all(targets.map((target) => target.remove()));
});

/** A stack in a repository, with a volume and a store, at the checkpoint `v1`; `v2` comes next. */
async function standing() {
  const volume = ownName('volume');
  await engine.call('create', {}, (docker) => docker.createVolume({ Name: volume, Labels: ownLabels }));
  const made = await makeStack({
    stores: {
      orders: { kind: 'postgres', url: '${env:ORDERS}' },
      gone: { kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' },
    },
    secrets: { ORDERS: server.url(await server.database()) },
  });
  const { target, checkpoint, apply } = made;
  targets.push(target);
  await checkpoint('v1', { web: sleeper() });
  await checkpoint('v2', { web: sleeper({ environment: { MODE: 'two' } }) });
  await apply('v1');
  const repository = new Repository(target.directory);
  repository.write('config/app.conf', 'one\n').commit();
  repository.git('tag', '-a', 'v1-stable', '-m', 'stable');
  let attempts = 0;
  const look = (checks: PreflightCheck[]) =>
    performWith(preflight, target.context('checkPreflight', { checks }, { id: `p/preflight/${(attempts += 1)}` }));
  return { ...made, repository, volume, look };
}
const v2 = { compose: 'docker/v2.yml', env: 'docker/v2.env' };
const steady: PreflightCheck = { check: 'steady', checks: [{ kind: 'services', count: 1, healthy: true }] };

describe('a preflight', () => {
  it('[K10] says what holds, each condition by its own', async () => {
    const { look, volume, target } = await standing();
    const all: PreflightCheck[] = [
      { check: 'docker' },
      { check: 'checkpoint-files', ...v2 },
      { check: 'drift' },
      { check: 'images', ...v2 },
      { check: 'previous-tag', tag: 'v1-stable' },
      { check: 'tag-free', tag: 'v2-complete' },
      { check: 'git-clean', paths: ['config'] },
      { check: 'store', store: 'orders' },
      { check: 'volume', volume },
      { check: 'room', volumes: [volume], stores: ['orders'] },
      { check: 'checkpoint-change', ...v2 },
      steady,
    ];
    const { performed } = await look(all);
    expect(performed.summary).toBe('all 12 conditions hold');
    const told = performed.facts['conditions'] as { check: string; detail: string }[];
    expect(told.map(({ check }) => check)).toEqual(all.map(({ check }) => check));
    expect(told[0]!.detail).toMatch(/^Docker Engine \d.*Compose 2\./);
    // What its helpers have used goes with it.
    expect(readdirSync(target.home.scratch)).toEqual([]);
  });

  it('[K10] reports every condition that does not hold, at once, each with what to do', async () => {
    const { look, target, repository, checkpoint, project, volume } = await standing();
    await checkpoint('bad', { web: sleeper({ image: 'no-such-image:here' }), other: sleeper({ container_name: 'x' }) });
    await target.write('docker-compose.yml', '{}');
    repository.write('config/app.conf', 'two\n');
    const first = repository.git('rev-parse', 'HEAD');
    repository.write('other', 'x').git('add', 'other');
    repository.git('commit', '--quiet', '-m', 'more', '--', 'other');
    repository.git('tag', '-a', 'taken', '-m', 'taken', first);
    target.identities.set(`volume:${volume}`, 'inode 1 born 1');
    const [running] = await engine.listByLabel({ 'com.docker.compose.project': project });
    await engine.pauseContainer(running!.Id);
    const bad = { compose: 'docker/bad.yml', env: 'docker/bad.env' };
    const failing: PreflightCheck[] = [
      { check: 'checkpoint-files', compose: 'docker/never-sealed.yml' },
      { check: 'drift' },
      { check: 'images', ...bad },
      { check: 'previous-tag', tag: 'v0-stable' },
      { check: 'tag-free', tag: 'taken' },
      { check: 'git-clean', paths: ['config'] },
      { check: 'store', store: 'gone' },
      { check: 'volume', volume: ownName('absent') },
      { check: 'volume', volume },
      { check: 'room', volumes: [], stores: ['gone'] },
      { check: 'checkpoint-change', ...bad },
      steady,
    ];
    const refusal = await look([{ check: 'docker' }, ...failing]).then(
      () => undefined,
      (error: unknown) => error as SwitchbackError,
    );
    expect(refusal).toMatchObject({ name: 'PreconditionFailed' });
    const lines = refusal!.message.split('\n');
    expect(lines[0]).toBe('12 of 13 conditions do not hold:');
    const expected = [
      /^- checkpoint-files: .*never-sealed\.yml/,
      /^- drift: docker-compose\.yml was changed/,
      /^- images: not on this engine: no-such-image:here/,
      /^- previous-tag: there is no tag v0-stable/,
      /^- tag-free: tag taken is on /,
      /^- git-clean: uncommitted: config\/app\.conf/,
      /^- store: /,
      /^- volume: .*does not exist/,
      /^- volume: .*another one than before/,
      /^- room: /,
      /^- checkpoint-change: .*no-such-image/,
      /^- steady: .*not up: web \(paused\)/,
    ];
    expected.forEach((pattern, index) => expect(lines[index + 1]).toMatch(pattern));
    expect(refusal!.hint!.split('\n')).toHaveLength(12);
  });

  it('says that Docker does not answer, and does not stop there', async () => {
    const { target } = await standing();
    const nowhere = new DockerEngine({ docker: { socketPath: '/nonexistent/docker.sock' } });
    const blind = checkPreflightHandler({
      engine: nowhere,
      stores: storeDrivers(nowhere),
      checkpoints: checkpointSight({ engine: nowhere, compose }),
      runInService: () => Promise.reject(new Error('unused')),
    });
    const checks: PreflightCheck[] = [{ check: 'docker' }, { check: 'previous-tag', tag: 'v0' }];
    await expect(performWith(blind, target.context('checkPreflight', { checks }))).rejects.toThrow(
      /2 of 2[^]*- docker: [^]*- previous-tag: /,
    );
  });

  it('says need and have where there is no room', async () => {
    const { target, volume, look } = await standing();
    // A folder whose file system is full by nature.
    Object.assign(target.home, { points: '/proc' });
    await expect(look([{ check: 'room', volumes: [volume], stores: [] }])).rejects.toThrow(
      /need at most 1[67].*MiB, 0B are free/,
    );
  });
});
