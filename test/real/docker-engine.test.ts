import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DockerEngine, measureUsage, runHelper, type HelperSpec } from '../../activities/docker/index.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from './own-names.ts';

const image = 'debian:bookworm-slim';
const engine = new DockerEngine();
const labels = { ...ownLabels, 'io.switchback.operation': 'test/helper' };
const helper = (script: string, more: Partial<HelperSpec> = {}): HelperSpec => ({
  name: ownName('helper'),
  image,
  argv: ['sh', '-c', script],
  labels,
  timeoutMs: 30_000,
  ...more,
});

beforeAll(() => sweepDead(engine));
afterAll(() => sweepOwn(engine));

describe('the engine', () => {
  it('pins an API version that the engine speaks', async () => {
    expect(await engine.apiVersion()).toMatch(/^1\.\d+$/);
    expect((await engine.info()).NCPU).toBeGreaterThan(0);
  });

  it('knows what is not there', async () => {
    expect(await engine.inspectContainer(ownName('absent'))).toBeUndefined();
    expect(await engine.inspectVolume(ownName('absent'))).toBeUndefined();
    expect(await engine.inspectImage(ownName('absent'))).toBeUndefined();
    expect(await engine.inspectNetwork(ownName('absent'))).toBeUndefined();
  });

  it('never asks for what no name can be: the daemon would send the client elsewhere', async () => {
    for (const name of ['../version', '..', '.', '', 'a/b', 'a?b', 'a%2fb', 'a b']) {
      expect(await engine.inspectContainer(name)).toBeUndefined();
      expect(await engine.inspectVolume(name)).toBeUndefined();
      expect(await engine.inspectNetwork(name)).toBeUndefined();
      expect(await engine.inspectImage(name)).toBeUndefined();
    }
    await expect(engine.startContainer('../version')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(engine.stopContainer('..')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('gives up on a daemon that takes the connection and never answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const deaf = new DockerEngine({ deadlineMs: 200, docker: { host: '127.0.0.1', port, protocol: 'http' } });
    await expect(deaf.inspectContainer('x')).rejects.toMatchObject({ name: 'Unreachable' });
    const cancelled = new AbortController();
    const asked = deaf.inspectContainer('x', { signal: cancelled.signal, deadlineMs: 60_000 });
    cancelled.abort(new Error('the operator said stop'));
    await expect(asked).rejects.toThrow('the operator said stop');
    silent.close();
  });

  it('says what to do where nothing listens', async () => {
    const nowhere = new DockerEngine({ docker: { socketPath: '/nonexistent/docker.sock' } });
    await expect(nowhere.listAll()).rejects.toMatchObject({
      name: 'Unreachable',
      hint: expect.stringMatching(/docker info/),
    });
  });

  it('never removes a container that is not ours', async () => {
    const name = ownName('foreign');
    await engine.call('create', {}, (docker) =>
      docker.createContainer({ name, Image: image, Cmd: ['true'], Labels: ownLabels }),
    );
    await expect(engine.removeContainer(name, labels)).rejects.toMatchObject({ name: 'Protected' });
    await engine.removeContainer(name, ownLabels);
    expect(await engine.inspectContainer(name)).toBeUndefined();
  });
});

describe('a helper container', () => {
  it('reads the exit code and the log, and is gone afterwards', async () => {
    const spec = helper('echo out; echo err >&2; exit 3');
    const result = await runHelper(engine, spec);
    expect(result).toMatchObject({ exitCode: 3, adopted: false, timedOut: false });
    expect(result.log.split('\n').sort().join(' ').trim()).toBe('err out');
    expect(await engine.inspectContainer(spec.name)).toBeUndefined();
  });

  it('has no network and no capabilities', async () => {
    const result = await runHelper(engine, helper('ls /sys/class/net; grep CapEff /proc/self/status'));
    expect(result.log).toMatch(/^lo\nCapEff:\t0+\n$/);
  });

  it('[T4] is adopted by a retry, running or ended, and never runs twice', async () => {
    const volume = ownName('count');
    await engine.call('volume', {}, (docker) => docker.createVolume({ Name: volume, Labels: ownLabels }));
    const spec = helper('echo ran >> /v/count; sleep 1; cat /v/count', {
      mounts: [{ type: 'volume', source: volume, target: '/v' }],
      capabilities: ['DAC_OVERRIDE'],
    });
    const lost = new AbortController();
    const first = runHelper(engine, spec, { signal: lost.signal, onAbort: 'leave', onTick: () => lost.abort() });
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(await runHelper(engine, spec, { keep: true })).toMatchObject({ exitCode: 0, adopted: true, log: 'ran\n' });
    expect(await runHelper(engine, spec)).toMatchObject({ exitCode: 0, adopted: true, log: 'ran\n' });
  });

  it('is looked at when the engine says that it has ended, which is believed in no other way', async () => {
    let told: number | undefined;
    let looked: number | undefined;
    class Telling extends DockerEngine {
      override async untilNotRunning(name: string, options = {}): Promise<void> {
        await super.untilNotRunning(name, options);
        told = performance.now();
      }
      override async inspectContainer(name: string, options = {}) {
        const found = await super.inspectContainer(name, options);
        // A poll that comes between the end and the word of it would find the end by itself.
        if (told === undefined) return found && { ...found, State: { ...found.State, Running: true } };
        looked ??= performance.now();
        return found;
      }
    }
    // Long enough for polls alone to be 600 ms apart.
    expect(await runHelper(new Telling(), helper('sleep 4'))).toMatchObject({ exitCode: 0 });
    expect(looked! - told!).toBeLessThan(400);

    class Hasty extends DockerEngine {
      override untilNotRunning = () => Promise.resolve();
    }
    class Silent extends DockerEngine {
      override untilNotRunning = () => new Promise<void>(() => undefined);
    }
    for (const other of [new Hasty(), new Silent()]) {
      expect(await runHelper(other, helper('sleep 1; echo done'))).toMatchObject({ exitCode: 0, log: 'done\n' });
    }
  });

  it('is killed when its time is up', async () => {
    const result = await runHelper(engine, helper('sleep 600', { timeoutMs: 300 }));
    expect(result).toMatchObject({ timedOut: true, exitCode: 137 });
  });

  it('is gone after a cancel', async () => {
    const spec = helper('sleep 600');
    const cancelled = new AbortController();
    const running = runHelper(engine, spec, { signal: cancelled.signal, onTick: () => cancelled.abort() });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(await engine.inspectContainer(spec.name)).toBeUndefined();
  });

  it('refuses a name that somebody else holds, and one of ours that does something else', async () => {
    const spec = helper('exit 0');
    await engine.call('create', {}, (docker) =>
      docker.createContainer({ name: spec.name, Image: image, Cmd: ['true'], Labels: ownLabels }),
    );
    await expect(runHelper(engine, spec)).rejects.toMatchObject({
      name: 'Conflict',
      hint: expect.stringContaining(spec.name),
    });
    const other = helper('exit 0');
    await runHelper(engine, other, { keep: true });
    await expect(runHelper(engine, { ...other, argv: ['sh', '-c', 'exit 1'] })).rejects.toMatchObject({
      name: 'EffectUnknown',
    });
  });

  it('never makes a volume that is missing, and leaves nothing of what could not start', async () => {
    const volume = ownName('absent');
    const missing = helper('exit 0', { mounts: [{ type: 'volume', source: volume, target: '/v' }] });
    await expect(runHelper(engine, missing)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await engine.inspectVolume(volume)).toBeUndefined();
    const broken = helper('exit 0', { workingDir: '/proc/not-a-folder' });
    await expect(runHelper(engine, broken)).rejects.toMatchObject({ message: expect.stringMatching(/not-a-folder/) });
    expect(await engine.inspectContainer(broken.name)).toBeUndefined();
  });
});

it('[K12] measures CPU from two samples', async () => {
  const spec = helper('while :; do :; done');
  const done = new AbortController();
  const busy = runHelper(engine, spec, { signal: done.signal });
  const started = async (): Promise<string> => {
    const found = await engine.inspectContainer(spec.name);
    return found?.State.Running ? found.Id : started();
  };
  const id = await started();
  const [usage, ...others] = await measureUsage(engine, [id, 'no-such-container'], { overMs: 500 });
  done.abort();
  await expect(busy).rejects.toMatchObject({ name: 'AbortError' });
  expect(others).toEqual([]);
  expect(usage?.cpus).toBeGreaterThan(0.05);
  expect(usage?.memoryBytes).toBeGreaterThan(0);
  expect(usage?.memoryLimitBytes).toBeGreaterThan(usage?.memoryBytes ?? 0);
});
