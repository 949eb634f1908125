import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

import { runCheck } from '../../../activities/checks/index.ts';
import type { Instruments } from '../../../activities/checks/index.ts';
import { DockerEngine, pause } from '../../../activities/docker/index.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../own-names.ts';

const engine = new DockerEngine();
let project: string;
beforeAll(() => sweepDead(engine));
afterAll(() => sweepOwn(engine));
beforeEach(() => {
  project = ownName('project');
});
afterEach(() => sweepOwn(engine));

interface Shape {
  labels?: Record<string, string>;
  restart?: string;
  health?: string;
  oneOff?: boolean;
}

/** A container as Compose would make it for a service. */
async function service(name: string, script: string, shape: Shape = {}): Promise<string> {
  const { id } = await engine.call('create', {}, (docker) =>
    docker.createContainer({
      name: ownName(name),
      Image: 'debian:bookworm-slim',
      Cmd: ['bash', '-c', script],
      Labels: {
        ...ownLabels,
        'com.docker.compose.project': project,
        'com.docker.compose.service': name,
        'com.docker.compose.oneoff': shape.oneOff ? 'True' : 'False',
        ...shape.labels,
      },
      ...(shape.health === undefined
        ? {}
        : // A probe that is slow because the machine is busy must not count as one that fails.
          { Healthcheck: { Test: ['CMD-SHELL', shape.health], Interval: 200e6, Timeout: 600e9, Retries: 1 } }),
      HostConfig: { Init: true, RestartPolicy: { Name: shape.restart ?? '' } },
    }),
  );
  await engine.startContainer(id);
  return id;
}

async function until(id: string, reached: (state: { Status: string; Health?: { Status: string } }) => boolean) {
  for (;;) {
    const found = await engine.inspectContainer(id);
    if (found && reached(found.State as never)) return;
    await pause(50);
  }
}
const exited = (id: string) => until(id, (state) => state.Status === 'exited');
const look = (count: number, healthy = true) =>
  runCheck(
    { kind: 'services', count, healthy },
    { engine, project } as unknown as Instruments,
    new AbortController().signal,
  );

const forever = 'exec sleep 600';

describe('a services check', () => {
  it('[M7] counts what runs and what has finished with 0, and only in its own project', async () => {
    await service('api', forever, {
      labels: { 'com.docker.compose.depends_on': 'migrate:service_completed_successfully:false' },
    });
    const healthy = await service('db', forever, { health: 'true' });
    await exited(await service('migrate', 'exit 0'));
    await exited(await service('shell', 'exit 3', { oneOff: true }));
    await until(healthy, (state) => state.Health?.Status === 'healthy');
    expect(await look(3)).toMatchObject({
      verdict: 'successful',
      detail: '3 services: 2 running, 1 finished (migrate)',
    });
    expect(await look(2)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('expected 2') });
    expect(await look(4)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('expected 4') });
    project = ownName('another');
    expect(await look(3)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('0 services') });
  });

  it('fails on a service that ended badly, one that was stopped, and one that is paused', async () => {
    const paused = await service('api', forever);
    const broken = await service('init', 'exit 2');
    // A long-running service that ends politely on SIGTERM must not be taken for one that has finished.
    const stopped = await service('web', 'trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done', {
      restart: 'unless-stopped',
    });
    await exited(broken);
    // Before it has said what it does on SIGTERM, it would be killed by it.
    while (!(await execa('docker', ['logs', stopped])).stdout.includes('ready')) await pause(50);
    await engine.stopContainer(stopped, { graceSeconds: 60 });
    expect((await engine.inspectContainer(stopped))!.State.ExitCode).toBe(0);
    await engine.pauseContainer(paused);
    const result = await look(3);
    expect(result).toMatchObject({ verdict: 'failed' });
    expect(result.detail).toContain('not up: api (paused), init (exited 2), web (exited 0)');
  });

  it('fails on what is unhealthy or starting, but only where health is asked for', async () => {
    const ill = await service('ill', forever, { health: 'false' });
    await until(ill, (state) => state.Health?.Status === 'unhealthy');
    expect(await look(1)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('ill (unhealthy)') });
    expect(await look(1, false)).toMatchObject({ verdict: 'successful' });
    await service('slow', forever, { health: 'sleep 600' });
    expect(await look(2)).toMatchObject({
      verdict: 'failed',
      detail: expect.stringContaining('slow (health: starting)'),
    });
  });

  it('fails while a service dies and is started again and again', async () => {
    const looping = await service('loop', 'exit 1', { restart: 'always' });
    await until(looping, (state) => state.Status === 'restarting');
    expect(await look(1)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('loop') });
  });

  it('believes a label that says what a service is', async () => {
    await exited(await service('once', 'exit 0', { labels: { 'io.switchback.one-shot': 'false' } }));
    expect(await look(1)).toMatchObject({ verdict: 'failed' });
  });

  it('is an error where Docker does not answer', async () => {
    const nowhere = new DockerEngine({ docker: { socketPath: '/nonexistent/docker.sock' } });
    const result = await runCheck(
      { kind: 'services', count: 1, healthy: true },
      { engine: nowhere, project } as unknown as Instruments,
      new AbortController().signal,
    );
    expect(result.verdict).toBe('error');
  });
});
