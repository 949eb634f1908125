import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { setAside } from '../../../activities/checkpoint/index.ts';
import { servicesOf } from '../../../activities/checks/index.ts';
import type { EffectContext } from '../../../activities/effect.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { performWith, type TestTarget } from '../effect-context.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';
import { applyCheckpoint, compose, engine, image, makeStack, sleeper } from './stack-fixture.ts';

const targets: TestTarget[] = [];
const stack = async (...args: Parameters<typeof makeStack>) => {
  const made = await makeStack(...args);
  targets.push(made.target);
  return made;
};
type UndoInput = OperationInputs['applyCheckpoint'];

beforeAll(() => sweepDead(engine));
afterEach(() => sweepOwn(engine));
afterAll(() => Promise.all(targets.map((target) => target.remove())));

describe('a checkpoint', () => {
  it('[K1] [K2] [K6] is applied, and taken back with what its receipt says', async () => {
    const { target, project, checkpoint, apply, containers } = await stack();
    await checkpoint(
      'v1',
      { web: sleeper({ environment: { MODE: '${MODE}' } }), old: sleeper() },
      { env: 'MODE=one\n' },
    );
    await checkpoint(
      'v2',
      { web: sleeper({ environment: { MODE: '${MODE}' } }), fresh: sleeper() },
      { env: 'MODE=two\n' },
    );
    const first = await apply('v1');
    expect(first.performed.summary).toMatch(/^v1 is active: 2 services ready/);
    const v1 = await containers();

    const second = await apply('v2');
    expect(await target.read('docker-compose.yml')).toBe(await target.read('docker/v2.yml'));
    expect(await target.read('.env')).toBe('MODE=two\n');
    const v2 = await containers();
    expect(Object.keys(v2).sort()).toEqual(['fresh', 'old', 'web']);
    expect(v2['old']).toMatchObject({ id: v1['old']?.id, state: 'exited' });
    expect(v2['web']?.id).not.toBe(v1['web']?.id);
    expect(second.performed.facts['orphansStopped']).toEqual([`${project}-old-1`]);
    expect(second.performed.facts['changes']).toEqual(
      expect.arrayContaining([
        'service web: recreated (environment)',
        'service fresh: created',
        'service old: stopped (not in this checkpoint, kept for the way back)',
      ]),
    );

    const { undo } = second.prepared;
    if (undo.by !== 'operation') throw new Error('no undo');
    const back = target.context('applyCheckpoint', undo.input as UndoInput, { id: 'rollback-1/01' });
    await performWith(applyCheckpoint, back);
    expect(await target.read('docker-compose.yml')).toBe(await target.read('docker/v1.yml'));
    expect(await target.read('.env')).toBe('MODE=one\n');
    expect(
      Object.entries(await containers())
        .map(([name, { state }]) => [name, state])
        .sort(),
    ).toEqual([
      ['fresh', 'exited'],
      ['old', 'running'],
      ['web', 'running'],
    ]);
    expect((await containers())['old']?.id).toBe(v1['old']?.id);
    expect(target.fences).toBeGreaterThan(6);
  });

  it('has the same effect digest however often it is applied, and does nothing where it stands', async () => {
    const { checkpoint, apply, containers, target } = await stack();
    await checkpoint('v1', { web: sleeper(), init: { image, command: ['true'] } }, { env: 'SECRET_TOKEN=hunter22\n' });
    const first = await apply('v1');
    const before = await containers();
    const again = await apply('v1', {}, 'other/apply/01');
    expect(again.outcome).toBe('adopted');
    expect(again.performed.effect).toEqual(first.performed.effect);
    expect(await containers()).toEqual(before);
    expect(first.performed.facts['completed']).toEqual(['init']);
    expect(JSON.stringify([first, [...target.identities]])).not.toContain('hunter22');
  });

  it('says which one-shots were run again', async () => {
    const { checkpoint, apply } = await stack();
    const init = { image, command: ['true'] };
    await checkpoint('v1', {
      init,
      web: sleeper({ depends_on: { init: { condition: 'service_completed_successfully' } } }),
    });
    await checkpoint('v2', {
      init,
      web: sleeper({ hostname: 'x', depends_on: { init: { condition: 'service_completed_successfully' } } }),
    });
    expect((await apply('v1')).performed.facts['ranAgain']).toEqual([]);
    const second = await apply('v2');
    expect(second.performed.facts['ranAgain']).toEqual(['init']);
    expect(second.performed.facts['changes']).toContain('service init: runs again (one-shot)');
  });

  it('[K1] switches by symlink, and keeps the paths of the project', async () => {
    const { target, checkpoint, apply } = await stack({ switchBy: 'symlink' });
    await target.write('conf/app.txt', 'hello');
    const web = sleeper({
      volumes: ['./conf/app.txt:/app.txt:ro'],
      healthcheck: { test: ['CMD', 'grep', 'hello', '/app.txt'], interval: '1s' },
    });
    await checkpoint('v1', { web });
    await checkpoint('v2', { web: { ...web, hostname: 'two' } });
    await apply('v1');
    const active = join(target.directory, 'docker-compose.yml');
    expect(await readlink(active)).toBe('docker/v1.yml');
    const second = await apply('v2');
    expect(await readlink(active)).toBe('docker/v2.yml');
    expect(second.prepared.undo).toMatchObject({
      input: { compose: { path: 'docker/v1.yml' }, env: { path: 'docker/v1.env' } },
    });

    // What was sealed counts, not what somebody made of the file since: then the active file is a copy.
    const sealed = await target.read('docker/v1.yml');
    await target.write('docker/v1.yml', `${sealed}# edited\n`);
    await apply('v1', {}, 'again/apply/01');
    expect((await lstat(active)).isSymbolicLink()).toBe(false);
    expect(await target.read('docker-compose.yml')).toBe(sealed);
  });

  it('refuses to overwrite what somebody edited', async () => {
    const { target, checkpoint, apply, containers } = await stack();
    await checkpoint('v1', { web: sleeper() });
    await checkpoint('v2', { web: sleeper({ hostname: 'two' }) });
    await apply('v1');
    const before = await containers();
    await target.write('docker-compose.yml', `${await target.read('docker/v1.yml')}# mine\n`);
    await expect(apply('v2')).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining('docker-compose.yml'),
    });
    expect(await target.read('docker-compose.yml')).toContain('# mine');
    expect(await containers()).toEqual(before);
  });

  it('recreates what has other bind-mounted content, and only that', async () => {
    const { target, checkpoint, apply, containers } = await stack();
    await target.write('app.conf', 'one');
    await checkpoint('v1', {
      web: sleeper({ volumes: ['./app.conf:/app.conf:ro'], depends_on: ['other'] }),
      other: sleeper(),
    });
    await apply('v1');
    const before = await containers();
    await target.write('app.conf', 'two');
    const second = await apply('v1', {}, 'second/apply/01');
    const after = await containers();
    expect(second.performed.facts['changes']).toContain('service web: recreated (bind-mounted content)');
    expect(after['web']?.id).not.toBe(before['web']?.id);
    expect(after['other']?.id).toBe(before['other']?.id);
    const third = await apply('v1', {}, 'third/apply/01');
    expect(third.outcome).toBe('adopted');
  });
});

describe('what is in the way', () => {
  it('[T2] a foreign container that holds a name: refused with what to type, and done after it is gone', async () => {
    const { project, target, checkpoint, apply, containers } = await stack();
    const name = ownName('web');
    await checkpoint('v1', { web: sleeper({ container_name: name }) });
    await checkpoint('v2', { api: sleeper() });
    await apply('v1');
    await apply('v2');
    await engine.removeContainer(name, { 'com.docker.compose.project': project });
    const before = await containers();
    await engine.call('create', {}, (docker) =>
      docker.createContainer({ name, Image: image, Cmd: ['true'], Labels: ownLabels }),
    );
    await expect(apply('v1', {}, 'back/apply/01')).rejects.toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining(name),
      hint: expect.stringContaining(`docker rm -f ${name}`),
    });
    expect(await target.read('docker-compose.yml')).toBe(await target.read('docker/v2.yml'));
    expect(await containers()).toEqual(before);
    await engine.removeContainer(name, ownLabels);
    await apply('v1', {}, 'back/apply/01');
    expect((await containers())['web']).toMatchObject({ name, state: 'running' });
  });

  it('a name that is taken after the intent was written is a conflict too, and nothing is switched', async () => {
    const { target, checkpoint, apply, input } = await stack();
    const name = ownName('web');
    await checkpoint('v1', { api: sleeper() });
    await checkpoint('v2', { web: sleeper({ container_name: name }) });
    await apply('v1');
    const context = target.context('applyCheckpoint', input('v2'));
    const prepared = await applyCheckpoint.prepare(input('v2'), context);
    await engine.call('create', {}, (docker) =>
      docker.createContainer({ name, Image: image, Cmd: ['true'], Labels: ownLabels }),
    );
    await expect(performWith(applyCheckpoint, context, prepared)).rejects.toMatchObject({ name: 'Conflict' });
    expect(await target.read('docker-compose.yml')).toBe(await target.read('docker/v1.yml'));
    await engine.removeContainer(name, ownLabels);
    await performWith(applyCheckpoint, target.context('applyCheckpoint', input('v2')), prepared);
  });

  it('a host port that a foreign container holds', async () => {
    const { checkpoint, apply } = await stack();
    const foreign = ownName('foreign');
    await engine.call('create', {}, (docker) =>
      docker.createContainer({
        name: foreign,
        Image: image,
        Cmd: ['sleep', '3600'],
        Labels: ownLabels,
        ExposedPorts: { '80/tcp': {} },
        HostConfig: { Init: true, PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] } },
      }),
    );
    await engine.startContainer(foreign);
    const port = (await engine.inspectContainer(foreign))?.NetworkSettings.Ports['80/tcp']?.[0]?.HostPort;
    await checkpoint('v1', { web: sleeper({ ports: [`127.0.0.1:${port}:80`] }) });
    await expect(apply('v1')).rejects.toMatchObject({ name: 'Conflict', message: expect.stringContaining(foreign) });
    await engine.removeContainer(foreign, ownLabels);
    await apply('v1');
    // Its own port is no obstacle to itself.
    await checkpoint('v2', { web: sleeper({ hostname: 'two', ports: [`127.0.0.1:${port}:80`] }) });
    await apply('v2');
  });

  it('an image that is not on this host, an external volume that is missing', async () => {
    const { checkpoint, apply, containers } = await stack();
    const gone = ownName('gone');
    await checkpoint(
      'v1',
      { web: sleeper({ image: `${gone}:1` }), db: sleeper({ volumes: ['data:/d'] }) },
      { volumes: {}, ...{} },
    );
    await expect(apply('v1')).rejects.toMatchObject({ name: 'PlanInvalid' });
    await checkpoint('v2', { web: sleeper({ image: `${gone}:1` }) });
    await expect(apply('v2')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining(`${gone}:1`),
    });
    expect(await containers()).toEqual({});
  });

  it('[K9] a volume whose definition changed: refused, where Compose would offer to empty it', async () => {
    const { project, checkpoint, apply } = await stack({ protect: [] });
    await checkpoint('v1', { db: sleeper({ volumes: ['data:/d'] }) }, { volumes: { data: {} } });
    await checkpoint(
      'v2',
      { db: sleeper({ volumes: ['data:/d'] }) },
      { volumes: { data: { labels: { tier: 'gold' } } } },
    );
    await apply('v1');
    const before = await engine.inspectVolume(`${project}_data`);
    await expect(apply('v2')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('labels'),
    });
    expect(await engine.inspectVolume(`${project}_data`)).toEqual(before);
  });

  it('[K9] not a protected volume that no service of a checkpoint mounts: it stays', async () => {
    const project = ownName('protected');
    const { checkpoint, apply } = await stack({ project, protect: [{ volume: `${project}_data` }] });
    await checkpoint('v1', { db: sleeper({ volumes: ['data:/d'] }) }, { volumes: { data: {} } });
    await checkpoint('v2', { web: sleeper() });
    await apply('v1');
    const { performed } = await apply('v2');
    expect(performed.facts['changes']).toContain(`volume ${project}_data: kept (not in this checkpoint)`);
    expect(await engine.inspectVolume(`${project}_data`)).toBeDefined();
  });

  it('an env file that steers Compose, and a .env that the plan does not name', async () => {
    const { checkpoint, apply } = await stack();
    await checkpoint('v1', { web: sleeper() }, { env: 'A=1\nexport COMPOSE_COMPATIBILITY=true\n' });
    await expect(apply('v1')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('COMPOSE_COMPATIBILITY'),
    });
  });

  it('a stack whose active file is missing', async () => {
    const { project, target, checkpoint, apply } = await stack();
    await checkpoint('v1', { web: sleeper() });
    await compose.up(
      { name: project, directory: target.directory, files: [join(target.directory, 'docker/v1.yml')] },
      { lockFolder: target.home.root, doing: 'test' },
    );
    await expect(apply('v1')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('is missing'),
    });
  });
});

describe('services that do not come up', () => {
  it('[K6] are taken back by the undo of the attempt that failed', async () => {
    const { target, checkpoint, apply, input, containers } = await stack();
    await checkpoint('v1', { web: sleeper() });
    await checkpoint('v2', { web: sleeper({ command: ['sh', '-c', 'exit 1'], restart: 'always' }), fresh: sleeper() });
    await apply('v1');
    const context = target.context('applyCheckpoint', input('v2'));
    const prepared = await applyCheckpoint.prepare(input('v2'), context);
    await expect(performWith(applyCheckpoint, context, prepared)).rejects.toMatchObject({ name: 'StepFailed' });
    if (prepared.undo.by !== 'operation') throw new Error('no undo');
    const back = target.context('applyCheckpoint', prepared.undo.input as UndoInput, { id: 'rollback-1/01' });
    await performWith(applyCheckpoint, back);
    expect(Object.entries(await containers()).map(([name, { state }]) => [name, state])).toEqual([
      ['web', 'running'],
      ['fresh', 'exited'],
    ]);
    expect(await target.read('docker-compose.yml')).toBe(await target.read('docker/v1.yml'));
  });

  it('where there was nothing before, nothing is gone back to; volumes stay', async () => {
    const { project, target, checkpoint, apply, containers } = await stack();
    await checkpoint('v1', { db: sleeper({ volumes: ['data:/d'] }) }, { volumes: { data: {} } });
    const { prepared } = await apply('v1');
    if (prepared.undo.by !== 'operation') throw new Error('no undo');
    const back = target.context('applyCheckpoint', prepared.undo.input as UndoInput, { id: 'rollback-1/01' });
    await performWith(applyCheckpoint, back);
    expect(await containers()).toMatchObject({ db: { state: 'exited' } });
    expect(await readdir(target.directory)).toEqual(['docker']);
    expect(await engine.inspectVolume(`${project}_data`)).toBeDefined();
  });

  it('names the one that exits, with its last words', async () => {
    const { checkpoint, apply } = await stack();
    await checkpoint('v1', {
      bad: {
        image,
        command: ['sh', '-c', 'echo "no route to token-12345 here"; exit 3'],
        environment: { API_TOKEN: 'token-12345' },
      },
    });
    const failed = apply('v1');
    await expect(failed).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringMatching(/service bad: .*-bad-1 exited with 3; it said: no route to \*\*\* here/),
    });
  });

  it('names a dependency that failed behind the words of Compose', async () => {
    const { checkpoint, apply } = await stack();
    await checkpoint('v1', {
      init: { image, command: ['sh', '-c', 'echo no space for migrations; exit 1'] },
      web: sleeper({ depends_on: { init: { condition: 'service_completed_successfully' } } }),
    });
    await expect(apply('v1')).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringMatching(/service init: .* exited with 1; it said: no space for migrations/),
    });
  });

  it('sees a restart loop, where each look finds it running', async () => {
    const { checkpoint, apply } = await stack();
    await checkpoint('v1', { loop: { image, command: ['sh', '-c', 'sleep 0.2; exit 1'], restart: 'always' } });
    await expect(apply('v1')).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringMatching(/service loop: .*restart/),
    });
  });

  it('waits for health, and gives up when the time is over', async () => {
    const { target, checkpoint, input } = await stack();
    await checkpoint('v1', {
      web: sleeper({ healthcheck: { test: ['CMD', 'false'], interval: '1s', start_period: '60s' } }),
    });
    const context = target.context('applyCheckpoint', input('v1'), { timeoutSeconds: 6 });
    await expect(performWith(applyCheckpoint, context)).rejects.toMatchObject({
      name: 'NotReady',
      message: expect.stringContaining('not healthy yet'),
    });
    expect(target.told).toContainEqual(expect.objectContaining({ done: 0, total: 1, unit: 'services' }));
  });
});

describe('orphans', () => {
  it('that are not ours are stopped and named, never removed, and run again on the way back', async () => {
    const { project, target, checkpoint, apply, containers } = await stack();
    await checkpoint('v1', { web: sleeper(), old: sleeper() });
    await checkpoint('v2', { web: sleeper() });
    await target.write('docker-compose.yml', await target.read('docker/v1.yml'));
    await target.write('.env', '');
    // The operator's own start, before there was a run.
    const active = {
      name: project,
      directory: target.directory,
      files: [join(target.directory, 'docker-compose.yml')],
    };
    await compose.up(
      { ...active, envFile: join(target.directory, '.env') },
      { lockFolder: target.home.root, doing: 'test' },
    );
    const before = await containers();
    const second = await apply('v2');
    expect(second.performed.facts).toMatchObject({ orphansStopped: [`${project}-old-1`], orphansRemoved: [] });
    expect((await containers())['old']).toMatchObject({ id: before['old']?.id, state: 'exited' });
    const counted = async (context: EffectContext) =>
      (await servicesOf(engine, project, { setAside: await setAside(context) })).map(({ service }) => service);
    const context = target.context('applyCheckpoint', undefined as never) as unknown as EffectContext;
    expect(await counted(context)).toEqual(['web']);
    const { undo } = second.prepared;
    if (undo.by !== 'operation') throw new Error('no undo');
    await performWith(
      applyCheckpoint,
      target.context('applyCheckpoint', undo.input as UndoInput, { id: 'rollback-1/01' }),
    );
    expect(await containers()).toEqual(before);
    expect(await counted(context)).toEqual(['old', 'web']);
  });
});

describe('profiles', () => {
  it('are those of the plan: services of others stay out, whatever the env file says to Compose', async () => {
    const { target, project, checkpoint, apply, containers } = await stack();
    target.plan.stack.profiles = ['jobs'];
    const env = `COMPOSE_PROJECT_NAME=other\nCOMPOSE_FILE=gone.yml\nCOMPOSE_PROFILES=debug\nCOMPOSE_REMOVE_ORPHANS=true\n`;
    const services = {
      web: sleeper({ environment: { ON: '${COMPOSE_PROFILES}', PROJECT: '${COMPOSE_PROJECT_NAME}' } }),
      job: sleeper({ profiles: ['jobs', 'other'] }),
      debug: sleeper({ profiles: ['debug'] }),
    };
    await checkpoint('v1', services, { env });
    const { performed } = await apply('v1');
    expect(performed.summary).toContain('2 services ready');
    const now = await containers();
    expect(Object.keys(now).sort()).toEqual(['job', 'web']);
    const said = (await engine.inspectContainer(now['web']!.id))?.Config.Env;
    expect(said).toEqual(expect.arrayContaining(['ON=jobs', `PROJECT=${project}`]));
    // Nothing to be done the second time.
    await checkpoint('v2', services, { env });
    expect((await apply('v2')).performed.summary).toContain('2 services unchanged');
  });
});

describe('a hostile environment', () => {
  it('of the worker changes nothing', async () => {
    const hostile = {
      MODE: 'evil',
      COMPOSE_PROJECT_NAME: 'evil',
      COMPOSE_FILE: '/nonexistent',
      COMPOSE_PROFILES: 'debug',
      DOCKER_CONTEXT: 'nowhere',
    };
    const saved = { ...process.env };
    Object.assign(process.env, hostile);
    try {
      const { checkpoint, apply, containers } = await stack();
      await checkpoint(
        'v1',
        { web: sleeper({ environment: { MODE: '${MODE:-none}' } }), debug: sleeper({ profiles: ['debug'] }) },
        { env: 'MODE=good\n' },
      );
      await apply('v1');
      const now = await containers();
      expect(Object.keys(now)).toEqual(['web']);
      expect((await engine.inspectContainer(now['web']!.id))?.Config.Env).toContain('MODE=good');
    } finally {
      for (const name of Object.keys(hostile)) delete process.env[name];
      Object.assign(process.env, saved);
    }
  });
});
