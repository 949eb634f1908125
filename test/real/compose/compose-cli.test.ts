import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { ComposeCli, type ComposeProject } from '../../../activities/compose/index.ts';
import { composeLock } from '../../../activities/compose/compose-cli.ts';
import { newestGeneration } from '../../../activities/compose/lock-generation.ts';
import { lockProject } from '../../../activities/compose/project-lock.ts';
import { startTimeOf } from '../../../activities/compose/process-start.ts';
import type { TestTarget } from '../effect-context.ts';
import { sweepDead, sweepOwn } from '../own-names.ts';
import { compose, engine, image, makeStack, sleeper } from './stack-fixture.ts';

const targets: TestTarget[] = [];
async function project(services: Record<string, object>, more: object = {}) {
  const { target, project: name, checkpoint } = await makeStack();
  targets.push(target);
  await checkpoint('v1', services, more);
  const described: ComposeProject = {
    name,
    directory: target.directory,
    files: [join(target.directory, 'docker/v1.yml')],
    envFile: join(target.directory, 'docker/v1.env'),
  };
  return { target, described, locked: { lockFolder: target.home.root, doing: 'a test' } };
}

beforeAll(() => sweepDead(engine));
afterEach(() => sweepOwn(engine));
afterAll(() => Promise.all(targets.map((target) => target.remove())));

describe('docker compose', () => {
  it('is there', async () => {
    expect(await compose.version()).toMatch(/^\d+\.\d+/);
    const nowhere = new ComposeCli({ dockerHost: engine.host, environment: { PATH: '/nonexistent' } });
    await expect(nowhere.version()).rejects.toMatchObject({
      name: 'PreconditionFailed',
      hint: expect.stringContaining('doctor'),
    });
  });

  it('hashes each service as `up` writes it on the container, also with env_file and profiles', async () => {
    const { target, described, locked } = await project(
      {
        web: sleeper({
          env_file: ['../web.env'],
          environment: { A: '$$HOME', B: '${B}' },
          volumes: ['data:/d', '/anonymous'],
          scale: 2,
        }),
        plain: sleeper({ deploy: { resources: { limits: { memory: '64M' } } }, pull_policy: 'always' }),
        debug: sleeper({ profiles: ['debug'] }),
      },
      { env: 'B=2\n', volumes: { data: {} } },
    );
    await target.write('../web.env', 'X=1\n');
    const { model, text } = await compose.model(described);
    expect(Object.keys(model.services).sort()).toEqual(['debug', 'plain', 'web']);
    expect(model.services['web']?.environment).toMatchObject({ X: '1', B: '2' });
    const hashes = await compose.hashes(described, text);
    const events: string[] = [];
    await compose.up(described, { ...locked, onEvent: ({ name, status }) => events.push(`${name} ${status}`) });
    const made = await engine.listByLabel({ 'com.docker.compose.project': described.name });
    expect(made).toHaveLength(3);
    for (const { Labels } of made) {
      expect(Labels['com.docker.compose.config-hash']).toBe(hashes[Labels['com.docker.compose.service'] ?? '']);
    }
    expect(events).toContain(`${described.name}-plain-1 Started`);
  });

  it('names what is wrong with a file', async () => {
    const { described } = await project({ web: { image, nonsense: true } });
    await expect(compose.model(described)).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringContaining('nonsense'),
    });
  });

  it('reads no .env that nobody named', async () => {
    const { target, described } = await project({ web: sleeper({ environment: { A: '${A:-unset}' } }) });
    await target.write('.env', 'A=found\n');
    const { model } = await compose.model({ ...described, envFile: undefined });
    expect(model.services['web']?.environment).toEqual({ A: 'unset' });
  });

  it('is ended by a cancel, with all of its processes, before the cancel is told', async () => {
    const { target, described, locked } = await project({
      slow: sleeper({ healthcheck: { test: ['CMD', 'false'], interval: '1s', start_period: '600s' } }),
      web: sleeper({ depends_on: { slow: { condition: 'service_healthy' } } }),
    });
    const cancelled = new AbortController();
    const running = compose.up(described, {
      ...locked,
      signal: cancelled.signal,
      onEvent: ({ status }) => {
        if (status === 'Waiting') cancelled.abort(new Error('called off'));
      },
    });
    const lock = composeLock(target.home.root, described.name);
    const childOf = async (): Promise<number> => (await newestGeneration(lock))?.holder.child?.pid ?? childOf();
    const group = await childOf();
    await expect(running).rejects.toThrow('called off');
    expect(() => process.kill(-group, 0)).toThrow('ESRCH');
    expect((await newestGeneration(lock))?.holder.released).toBe(true);
  });

  it('gives up when its time is over', async () => {
    const { described, locked } = await project({
      slow: sleeper({ healthcheck: { test: ['CMD', 'false'], interval: '1s', start_period: '600s' } }),
      web: sleeper({ depends_on: { slow: { condition: 'service_healthy' } } }),
    });
    await expect(compose.up(described, { ...locked, timeoutMs: 4000 })).rejects.toMatchObject({
      name: 'NotReady',
      message: expect.stringContaining('within 4 s'),
    });
  });
});

describe("a project's lock", () => {
  const lockOf = async () => {
    const { target } = await makeStack();
    targets.push(target);
    return join(target.home.root, 'p.lock');
  };

  it('is held by one at a time, and tells others who holds it', async () => {
    const file = await lockOf();
    const first = await lockProject(file, { doing: 'phase one' });
    await expect(lockProject(file, { doing: 'phase two', waitMs: 200 })).rejects.toMatchObject({
      name: 'Busy',
      message: `Compose is in use by process ${process.pid}: phase one`,
    });
    let done = 0;
    const others = Array.from({ length: 5 }, async () => {
      const lock = await lockProject(file, { doing: 'other' });
      const before = (done += 1);
      await new Promise(setImmediate);
      expect(done).toBe(before);
      await lock.release();
    });
    await first.release();
    await Promise.all(others);
    expect((await newestGeneration(file))?.number).toBe(6);
    expect((await readdir(dirname(file))).filter((name) => name.startsWith('p.lock'))).toEqual(['p.lock.6']);
  });

  it('is released on a full disk too', async () => {
    const { target } = await makeStack();
    targets.push(target);
    const small = join(target.home.root, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    try {
      const file = join(small, 'p.lock');
      const lock = await lockProject(file, { doing: 'phase one' });
      await expect(writeFile(join(small, 'filler'), Buffer.alloc(1 << 20))).rejects.toMatchObject({ code: 'ENOSPC' });
      await lock.release();
      expect((await readdir(small)).sort()).toEqual(['filler', 'p.lock.1']);
      await rm(join(small, 'filler'));
      await (await lockProject(file, { doing: 'phase two', waitMs: 200 })).release();
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('of a dead holder is stolen, and what it left running is ended', async () => {
    const file = await lockOf();
    const orphan = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const ended = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)));
    const child = { pid: orphan.pid!, started: await startTimeOf(orphan.pid!) };
    // Our own pid with another start time: the number was used before, by one that has died.
    await writeFile(`${file}.1`, JSON.stringify({ pid: process.pid, started: '1', doing: 'gone', child }));
    const thieves = await Promise.allSettled([1, 2, 3].map(() => lockProject(file, { doing: 'thief', waitMs: 400 })));
    expect(await ended).toBe('SIGTERM');
    const held = thieves.filter((thief) => thief.status === 'fulfilled');
    expect(held).toHaveLength(1);
    await held[0]!.value.release();
  });

  it('of a process that has another start time with the same child number leaves that process alone', async () => {
    const file = await lockOf();
    const bystander = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    await writeFile(
      `${file}.1`,
      JSON.stringify({ pid: process.pid, started: '1', doing: 'gone', child: { pid: bystander.pid, started: '1' } }),
    );
    const lock = await lockProject(file, { doing: 'thief' });
    expect(await startTimeOf(bystander.pid!)).not.toBe('gone');
    await lock.release();
    bystander.kill('SIGKILL');
  });
});
