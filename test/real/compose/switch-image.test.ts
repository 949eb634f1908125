import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { storeDrivers } from '../../../activities/stores/registry.ts';
import { switchImageHandler } from '../../../activities/effects/switch-image.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { performWith, type TestTarget } from '../effect-context.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { applyCheckpoint, compose, engine, image, makeStack, sleeper } from './stack-fixture.ts';

const handler = switchImageHandler({ engine, compose, stores: storeDrivers(engine) });
type Input = OperationInputs['switchImage'];
const targets: TestTarget[] = [];
const repository = ownName('image').toLowerCase();

beforeAll(async () => {
  await sweepDead(engine);
  const tag = (name: string) =>
    engine.call('tag', {}, (docker) => docker.getImage(image).tag({ repo: repository, tag: name }));
  await tag('v1');
  // Another image than v1, though with the same content: an import of nothing would do, a commit is quicker.
  const name = ownName('commit');
  await engine.call('create', {}, (docker) => docker.createContainer({ name, Image: image, Labels: ownLabels }));
  await engine.call('commit', {}, (docker) => docker.getContainer(name).commit({ repo: repository, tag: 'v2' }));
});
afterEach(() => sweepOwn(engine));
afterAll(async () => {
  await Promise.all(targets.map((target) => target.remove()));
  for (const tag of ['v1', 'v2'])
    await engine.find('untag', {}, (docker) => docker.getImage(`${repository}:${tag}`).remove());
});

async function shop(options: Parameters<typeof makeStack>[0] = {}) {
  const made = await makeStack(options);
  targets.push(made.target);
  const api = sleeper({ image: `${repository}:v1`, depends_on: ['db'] });
  await made.checkpoint(
    'v1',
    { api, db: sleeper(), other: sleeper({ image: '${IMAGE}' }) },
    { env: `IMAGE=${repository}:v1\n` },
  );
  await made.apply('v1');
  const switchTo = (input: Input, id: string) =>
    performWith(handler, made.target.context('switchImage', input, { id }));
  return { ...made, switchTo };
}

it('[K5] [L6] recreates one service with another image, and goes back to the very same bytes', async () => {
  const { target, containers, switchTo } = await shop();
  const before = await containers();
  const text = await target.read('docker-compose.yml');
  const { performed, prepared } = await switchTo({ service: 'api', image: `${repository}:v2` }, 'p/apply/01');
  expect(performed.summary).toContain(`service api runs ${repository}:v2 (was ${repository}:v1)`);
  const now = await containers();
  expect(now['api']?.imageId).toBe((await engine.inspectImage(`${repository}:v2`))?.Id);
  expect([now['db'], now['other']]).toEqual([before['db'], before['other']]);
  expect(await target.read('docker-compose.yml')).toBe(
    text.replace(`"image": "${repository}:v1"`, `"image": "${repository}:v2"`),
  );
  expect((await switchTo({ service: 'api', image: `${repository}:v2` }, 'p/apply/02')).outcome).toBe('adopted');

  const { undo } = prepared;
  if (undo.by !== 'operation') throw new Error('no undo');
  await switchTo(undo.input as Input, 'rollback-1/01');
  expect(await target.read('docker-compose.yml')).toBe(text);
  expect((await containers())['api']?.imageId).toBe(before['api']?.imageId);
  // The way back was noted as ours: no drift for the next checkpoint.
  await applyCheckpoint.prepare(
    { checkpoint: 'v1', compose: { path: 'docker/v1.yml' }, env: { path: 'docker/v1.env' } },
    target.context('applyCheckpoint', { checkpoint: 'v1', compose: { path: 'docker/v1.yml' } }),
  );
});

it('refuses what is interpolated, not there, edited, or another image by now', async () => {
  const { target, containers, switchTo } = await shop();
  const before = await containers();
  await expect(switchTo({ service: 'other', image: `${repository}:v2` }, '1')).rejects.toMatchObject({
    name: 'Unsupported',
    hint: expect.stringContaining('env file'),
  });
  await expect(switchTo({ service: 'api', image: `${repository}:v9` }, '2')).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  const id = (await engine.inspectImage(`${repository}:v1`))!.Id;
  await expect(switchTo({ service: 'api', image: `${repository}:v2`, imageId: id }, '3')).rejects.toMatchObject({
    name: 'PreconditionFailed',
    message: expect.stringContaining('another image by now'),
  });
  await target.write('docker-compose.yml', `${await target.read('docker-compose.yml')}# mine\n`);
  await expect(switchTo({ service: 'api', image: `${repository}:v2` }, '4')).rejects.toMatchObject({
    name: 'ValidationMismatch',
  });
  expect(await containers()).toEqual(before);
});

it('[K1] replaces a link by a copy, and leaves the versioned file as it is', async () => {
  const { target, switchTo } = await shop({ switchBy: 'symlink' });
  const versioned = await target.read('docker/v1.yml');
  await switchTo({ service: 'api', image: `${repository}:v2` }, 'p/apply/01');
  expect(await target.read('docker/v1.yml')).toBe(versioned);
  expect(await target.read('docker-compose.yml')).toContain(`${repository}:v2`);
});

it('[K6] going back pins the image that ran, where its tag has moved since', async () => {
  const { target, checkpoint, apply, containers } = await shop();
  const before = await containers();
  await checkpoint('v2', { api: sleeper({ image: `${repository}:v2` }), db: sleeper(), other: sleeper() });
  const { prepared } = await apply('v2');
  const old = before['api']!.imageId;
  await engine.call('tag', {}, (docker) => docker.getImage(`${repository}:v2`).tag({ repo: repository, tag: 'v1' }));
  try {
    const { undo } = prepared;
    if (undo.by !== 'operation') throw new Error('no undo');
    const back = target.context('applyCheckpoint', undo.input as OperationInputs['applyCheckpoint'], {
      id: 'rollback-1/01',
    });
    const { performed } = await performWith(applyCheckpoint, back);
    expect((await containers())['api']?.imageId).toBe(old);
    expect(performed.facts['pinned']).toEqual({ api: old, other: old });
  } finally {
    await engine.call('tag', {}, (docker) => docker.getImage(old).tag({ repo: repository, tag: 'v1' }));
  }
});
