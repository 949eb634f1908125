import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { runContainerHandler } from '../../activities/effects/run-container.ts';
import { takeSampleInService } from '../../activities/run-container/index.ts';
import type { EffectContext } from '../../activities/effect.ts';
import { compose, engine, image, makeStack, sleeper } from './compose/stack-fixture.ts';
import { performWith, type TestTarget } from './effect-context.ts';
import { ownLabels, sweepDead } from './own-names.ts';

const handler = runContainerHandler({ engine, compose });
const targets: TestTarget[] = [];

/** A stack whose Compose file is active, with its volumes and networks but no containers: commands need no more. */
async function stack(
  services: Record<string, object>,
  more: { volumes?: Record<string, object>; env?: string; protect?: TestTarget['plan']['protect'] } = {},
) {
  const made = await makeStack(more.protect === undefined ? {} : { protect: more.protect });
  const { target, project, subnet } = made;
  targets.push(target);
  await made.checkpoint('v1', services, { ...(more.volumes ? { volumes: more.volumes } : {}), env: more.env ?? '' });
  await target.write('docker-compose.yml', await target.read('docker/v1.yml'));
  await target.write('.env', more.env ?? '');
  for (const name of Object.keys(more.volumes ?? {})) {
    await engine.call('volume', {}, (docker) => docker.createVolume({ Name: `${project}_${name}`, Labels: ownLabels }));
  }
  await engine.call('network', {}, (docker) =>
    docker.createNetwork({
      Name: `${project}_default`,
      Labels: ownLabels,
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
    }),
  );
  const command = (service: string, script: string, timeoutSeconds = 60) => ({
    service,
    argv: ['sh', '-c', script],
    timeoutSeconds,
  });
  const context = (
    service: string,
    script: string,
    options: { timeoutSeconds?: number; signal?: AbortSignal; onProgress?: () => void; id?: string } = {},
  ) => target.context('runContainer', command(service, script, options.timeoutSeconds), options);
  return { ...made, context };
}

const commandContainers = async (target: TestTarget) =>
  engine.listByLabel({ 'io.switchback.target': target.plan.target, 'io.switchback.role': 'run' });

async function removeAll(): Promise<void> {
  for (const target of targets.splice(0)) {
    const { project } = target.plan.stack;
    for (const container of await engine.listByLabel({ 'io.switchback.target': project })) {
      await engine.removeContainer(container.Id, { 'io.switchback.target': project });
    }
    const { Volumes } = await engine.call('list', {}, (docker) =>
      docker.listVolumes({ filters: JSON.stringify({ name: [`${project}_`] }) }),
    );
    for (const volume of Volumes ?? [])
      await engine.find('remove', {}, (docker) => docker.getVolume(volume.Name).remove());
    await engine.find('remove', {}, (docker) => docker.getNetwork(`${project}_default`).remove());
    await target.remove();
  }
}

beforeAll(() => sweepDead(engine));
afterEach(removeAll);
afterAll(removeAll);

describe('a command in a service', () => {
  it("[M6] gets the service's environment, networks, user, mounts and image, and its log has no secrets", async () => {
    const { target, project, context } = await stack(
      {
        api: sleeper({
          environment: { DB_PASSWORD: '${DB_PASSWORD}', PLAIN: 'seen' },
          user: '1000:1000',
          working_dir: '/srv',
          volumes: ['./conf:/conf:ro', 'data:/data'],
          networks: { default: null },
        }),
      },
      { env: 'DB_PASSWORD=s3cr3t-value\n', volumes: { data: {} } },
    );
    await target.write('conf/a.txt', 'from a file');
    const { performed } = await performWith(
      handler,
      context(
        'api',
        'id -u; pwd; cat /conf/a.txt; echo; echo $PLAIN $DB_PASSWORD; test "$DB_PASSWORD" = s3cr3t-value && echo equal; ls /sys/class/net',
      ),
    );
    expect(performed.facts['log']).toBe('1000\n/srv\nfrom a file\nseen ***\nequal\neth0\nlo\n');
    expect(performed.facts).toMatchObject({ service: 'api', exitCode: 0, adopted: false });
    expect(performed.effect).not.toHaveProperty('log');
    expect(await engine.listByLabel({ 'com.docker.compose.project': project })).toEqual([]);
  });

  it('[K9] cannot write to a protected volume or path, and never sees the Docker socket', async () => {
    const volumes = { kept: {}, scratch: {} };
    const made = await stack(
      {
        db: sleeper({
          volumes: [
            'kept:/kept',
            'scratch:/scratch',
            './conf:/conf',
            '/var/run/docker.sock:/var/run/docker.sock',
            '/var/run:/host-run',
          ],
        }),
      },
      { volumes, protect: [{ path: 'conf/keep.txt' }] },
    );
    await made.target.write('conf/keep.txt', 'as it was');
    made.target.plan.protect.push({ volume: `${made.project}_kept` });
    const script =
      'touch /kept/x 2>&1; echo >/conf/keep.txt; touch /scratch/y && echo wrote; test -e /var/run/docker.sock || echo no socket; test -e /host-run || echo no folder';
    const { performed } = await performWith(handler, made.context('db', script));
    expect(performed.facts['log']).toMatch(
      /Read-only file system[\s\S]*Read-only file system[\s\S]*wrote\nno socket\nno folder\n/,
    );
    expect(performed.facts['leftOut']).toHaveLength(2);
    expect(await made.target.read('conf/keep.txt')).toBe('as it was');
  });

  it('[T4] is adopted by a retry, and never run twice', async () => {
    const made = await stack({ job: sleeper({ volumes: ['data:/data'] }) }, { volumes: { data: {} } });
    const script = 'echo ran >> /data/count; sleep 1; cat /data/count';
    const shutdown = new AbortController();
    const first = made.context('job', script, {
      signal: shutdown.signal,
      onProgress: () => shutdown.abort(new Error('WORKER_SHUTDOWN')),
    });
    const prepared = await handler.prepare(first.operation.input, first);
    await expect(performWith(handler, first, prepared)).rejects.toThrow('WORKER_SHUTDOWN');
    const second = await performWith(handler, made.context('job', script), prepared);
    expect(second.performed.facts).toMatchObject({ adopted: true, log: 'ran\n' });
    // Ended, and the receipt was lost.
    const third = await performWith(handler, made.context('job', script), prepared);
    expect(third).toMatchObject({ outcome: 'adopted', performed: { facts: { log: 'ran\n' } } });
    expect(third.performed.effect).toEqual(second.performed.effect);
    await handler.settle?.(first.operation.input, made.context('job', script));
    expect(await commandContainers(made.target)).toEqual([]);
  });

  it('is ended when the run is called off', async () => {
    const made = await stack({ job: sleeper() });
    const cancelled = new AbortController();
    const context = made.context('job', 'sleep 600', {
      signal: cancelled.signal,
      onProgress: () => cancelled.abort(new Error('CANCELLED')),
    });
    await expect(performWith(handler, context)).rejects.toThrow('CANCELLED');
    expect((await commandContainers(made.target)).map((container) => container.State)).toEqual(['exited']);
  });

  it('fails with its exit code and last words; a crash in between does not run it again, a retry by a person does', async () => {
    const made = await stack({ job: sleeper({ volumes: ['data:/data'] }) }, { volumes: { data: {} } });
    const script = 'echo ran >> /data/count; echo attempt $(wc -l < /data/count); test $(wc -l < /data/count) -gt 1';
    const failure = { name: 'StepFailed', message: expect.stringMatching(/exited with 1; it said: attempt 1$/) };
    const first = made.context('job', script);
    const prepared = await handler.prepare(first.operation.input, first);
    await expect(performWith(handler, first, prepared)).rejects.toMatchObject(failure);
    // As if the worker had been killed before the failure was written down.
    made.target.identities.clear();
    await expect(performWith(handler, made.context('job', script), prepared)).rejects.toMatchObject(failure);
    const retried = await performWith(handler, made.context('job', script), prepared);
    expect(retried.performed.facts).toMatchObject({ exitCode: 0, adopted: false });
  });

  it('is killed when its time is up', async () => {
    const made = await stack({ job: sleeper() });
    await expect(performWith(handler, made.context('job', 'sleep 600', { timeoutSeconds: 1 }))).rejects.toMatchObject({
      name: 'StepFailed',
      message: expect.stringContaining('ran longer than 1 s'),
    });
  });

  it('is not begun without its service, image or network', async () => {
    const made = await stack({ job: sleeper(), ghost: sleeper({ image: `${image}-absent` }) });
    await expect(performWith(handler, made.context('nobody', 'true'))).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await expect(performWith(handler, made.context('ghost', 'true'))).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await engine.call('remove', {}, (docker) => docker.getNetwork(`${made.project}_default`).remove());
    await expect(performWith(handler, made.context('job', 'true'))).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('network'),
    });
  });

  it('of a check is a sample: taken anew and removed', async () => {
    const made = await stack({ job: sleeper() });
    const context = made.context('job', 'true') as unknown as EffectContext;
    const ask = (sample: number, script: string) =>
      takeSampleInService({ engine, compose }, context, {
        service: 'job',
        argv: ['sh', '-c', script],
        timeoutSeconds: 30,
        sample,
        signal: context.signal,
      });
    expect(await ask(1, 'echo one; exit 3')).toEqual({ exitCode: 3, log: 'one\n' });
    expect(await ask(1, 'echo two')).toEqual({ exitCode: 0, log: 'two\n' });
    expect(await engine.listByLabel({ 'io.switchback.target': made.project })).toEqual([]);
  });
});
