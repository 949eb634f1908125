import { describe, expect, it } from '@jest/globals';

import {
  describePrediction,
  predict,
  refuseObstacles,
  type ComposeModel,
  type ComposeService,
  type PredictionInput,
  type WorldContainer,
} from '../../../activities/compose/index.ts';

const model = (services: Record<string, ComposeService>, more: Partial<ComposeModel> = {}): ComposeModel => ({
  name: 'p',
  services,
  volumes: {},
  networks: {},
  configs: {},
  secrets: {},
  ...more,
});
let ids = 0;
const container = (service: string, more: Partial<WorldContainer> = {}): WorldContainer => ({
  id: `id${(ids += 1)}`,
  name: `p-${service}-1`,
  project: 'p',
  service,
  oneOff: false,
  configHash: 'same',
  imageId: 'image-1',
  state: 'running',
  createdAt: 0,
  ports: [],
  ...more,
});
const foreign = (name: string, more: Partial<WorldContainer> = {}) =>
  container('x', { name, project: undefined, service: undefined, ...more });

function input(
  next: ComposeModel,
  own: WorldContainer[] = [],
  more: Partial<PredictionInput> & { others?: WorldContainer[] } = {},
): PredictionInput {
  const { others = [], ...rest } = more;
  const names = Object.keys(next.services);
  return {
    world: { own, foreign: others, volumes: new Map(), networks: new Map() },
    before: undefined,
    model: next,
    hashes: Object.fromEntries(names.map((name) => [name, 'same'])),
    images: Object.fromEntries(names.map((name) => [name, 'image-1'])),
    recreate: new Map(),
    ours: new Set(),
    protectedVolumes: new Set(),
    protectedNetworks: new Set(),
    busyPorts: [],
    ...rest,
  };
}
const fates = (given: PredictionInput) =>
  Object.fromEntries(predict(given).services.map(({ service, fate }) => [service, fate]));

describe('services', () => {
  it('are created, recreated, left alone, started, run again', () => {
    const own = [
      container('same'),
      container('changed', { configHash: 'other' }),
      container('rebuilt', { imageId: 'image-0' }),
      container('forced'),
      container('stopped', { state: 'exited' }),
      container('init', { state: 'exited' }),
    ];
    const next = model({
      same: {},
      changed: {},
      rebuilt: {},
      forced: {},
      stopped: { restart: 'always' },
      init: {},
      fresh: {},
      debug: { profiles: ['x'] },
    });
    expect(fates(input(next, own, { recreate: new Map([['forced', 'asked for']]) }))).toEqual({
      same: 'unchanged',
      changed: 'recreated',
      rebuilt: 'recreated',
      forced: 'recreated',
      stopped: 'started',
      init: 'runs-again',
      fresh: 'created',
    });
  });

  it('say which settings changed, and never a value', () => {
    const before = model({ api: { environment: { PASSWORD: 'old-secret' }, hostname: 'a' } });
    const next = model({ api: { environment: { PASSWORD: 'new-secret' }, hostname: 'a', restart: 'always' } });
    const prediction = predict(input(next, [container('api', { configHash: 'other' })], { before }));
    expect(prediction.services).toEqual([{ service: 'api', fate: 'recreated', why: ['environment', 'restart'] }]);
    expect(JSON.stringify(describePrediction(prediction))).not.toContain('secret');
  });

  it('that are no longer there: stopped and kept; what never ran of ours is removed, a switched-off profile left alone', () => {
    const mine = container('mine');
    const unborn = container('unborn', { state: 'created' });
    const given = input(
      model({ debug: { profiles: ['x'] } }),
      [mine, unborn, container('theirs'), container('ended', { state: 'exited' }), container('debug')],
      { ours: new Set([mine.id, unborn.id]) },
    );
    expect(fates(given)).toEqual({ mine: 'stopped', unborn: 'removed', theirs: 'stopped' });
  });
});

describe('obstacles', () => {
  const obstacles = (given: PredictionInput) =>
    predict(given).obstacles.map(({ error, message }) => `${error}: ${message}`);

  it('a container name that somebody else holds, running or not', () => {
    const next = model({ web: { container_name: 'web' }, api: { scale: 2 } });
    expect(obstacles(input(next, [], { others: [foreign('web', { state: 'exited' }), foreign('p-api-2')] }))).toEqual([
      expect.stringMatching(
        /^Conflict: service web needs the container name web, which a container of nobody's project \(exited\) has/,
      ),
      expect.stringMatching(/^Conflict: service api needs the container name p-api-2/),
    ]);
  });

  it('a name of our own that another service keeps; one that an orphan of ours gives up is free', () => {
    const next = model({ web: { container_name: 'shared' }, other: {} });
    expect(obstacles(input(next, [container('other', { name: 'shared' })]))).toHaveLength(1);
    const orphan = container('gone', { name: 'shared' });
    expect(obstacles(input(next, [orphan]))).toHaveLength(1);
    expect(obstacles(input(next, [orphan], { ours: new Set([orphan.id]) }))).toEqual([]);
    expect(obstacles(input(next, [container('web', { name: 'shared' })]))).toEqual([]);
  });

  it.each([
    [{ published: '80', host_ip: '127.0.0.1' }, { ip: '127.0.0.1', port: 80, protocol: 'tcp' }, 1],
    [{ published: '80' }, { ip: '127.0.0.1', port: 80, protocol: 'tcp' }, 1],
    [{ published: '80', host_ip: '127.0.0.1' }, { ip: '0.0.0.0', port: 80, protocol: 'tcp' }, 1],
    [{ published: '80', host_ip: '127.0.0.2' }, { ip: '127.0.0.1', port: 80, protocol: 'tcp' }, 0],
    [{ published: '80', protocol: 'udp' }, { ip: '0.0.0.0', port: 80, protocol: 'tcp' }, 0],
    [{ published: '0' }, { ip: '0.0.0.0', port: 80, protocol: 'tcp' }, 0],
    [{}, { ip: '0.0.0.0', port: 80, protocol: 'tcp' }, 0],
    [{ published: '80-90' }, { ip: '0.0.0.0', port: 80, protocol: 'tcp' }, 0],
  ])('port %j against %j', (port, held, count) => {
    const next = model({ web: { ports: [{ target: 80, ...port }] } });
    expect(obstacles(input(next, [], { others: [foreign('other', { ports: [held] })] }))).toHaveLength(count);
    expect(obstacles(input(next, [], { busyPorts: [held] }))).toHaveLength(count);
    expect(obstacles(input(next, [container('web', { ports: [held] })]))).toEqual([]);
  });

  it('an image that is not there: how to get it depends on whether it is built', () => {
    const prediction = predict(input(model({ web: { image: 'x:1' }, api: { build: {} } }), [], { images: {} }));
    expect(prediction.obstacles.map(({ hint }) => hint)).toEqual([
      'Get it with `docker pull x:1`.',
      'Build it with `docker compose build api`.',
    ]);
  });

  it('are thrown all at once, named by the gravest', () => {
    const next = model({ web: { container_name: 'web' }, api: {} });
    const prediction = predict(input(next, [], { others: [foreign('web')], images: { web: 'image-1' } }));
    expect(() => refuseObstacles(prediction)).toThrow(
      expect.objectContaining({ name: 'PreconditionFailed', message: expect.stringMatching(/api.*;.*web/) }),
    );
    expect(() => refuseObstacles(predict(input(model({ web: {} }))))).not.toThrow();
  });
});

describe('volumes', () => {
  const service = { volumes: [{ type: 'volume' as const, source: 'data', target: '/d' }] };
  const made = (labels: Record<string, string> = {}, more: object = {}) => ({
    name: 'p_data',
    driver: 'local',
    options: {},
    labels: { 'com.docker.compose.project': 'p', 'com.docker.compose.volume': 'data', ...labels },
    ...more,
  });
  const volumesOf = (defined: object, existing?: ReturnType<typeof made>, more: Partial<PredictionInput> = {}) => {
    const given = input(model({ db: service }, { volumes: { data: { name: 'p_data', ...defined } } }), [], more);
    if (existing) given.world.volumes.set('p_data', existing);
    return predict(given);
  };

  it.each<[string, object, ReturnType<typeof made> | undefined, string]>([
    ['is made', {}, undefined, 'created'],
    ['is as it was', { labels: { a: 'b' } }, made({ a: 'b' }), 'unchanged'],
    ['has other labels', { labels: { a: 'c' } }, made({ a: 'b' }), 'changed'],
    ['loses a label', {}, made({ a: 'b' }), 'changed'],
    ['has another driver', { driver: 'nfs' }, made(), 'changed'],
    ['has other options', { driver_opts: { size: '1' } }, made(), 'changed'],
    ['is external', { external: true, labels: { a: 'c' } }, made({ a: 'b' }), 'unchanged'],
    ['was made by hand', {}, made({}, { labels: { mine: 'yes' } }), 'unchanged'],
  ])('one that %s', (_what, defined, existing, fate) => {
    const prediction = volumesOf(defined, existing);
    expect(prediction.volumes).toEqual([expect.objectContaining({ name: 'p_data', fate })]);
    expect(prediction.obstacles).toHaveLength(fate === 'changed' ? 1 : 0);
  });

  it('[K9] a protected one that would change is named so', () => {
    const prediction = volumesOf({ labels: { a: 'c' } }, made(), { protectedVolumes: new Set(['p_data']) });
    expect(prediction.obstacles).toEqual([expect.objectContaining({ error: 'Protected' })]);
  });

  it('one that is left out stays, a protected one too: nothing of it is removed', () => {
    const before = model({ db: service }, { volumes: { data: { name: 'p_data' } } });
    const given = input(model({ web: {} }), [], { before });
    given.world.volumes.set('p_data', made());
    expect(predict(given)).toMatchObject({ volumes: [{ name: 'p_data', fate: 'kept' }], obstacles: [] });
    expect(predict({ ...given, protectedVolumes: new Set(['p_data']) }).obstacles).toEqual([]);
  });

  it('a mount that moves to another volume is said, since the data stays behind', () => {
    const before = model({ db: service }, { volumes: { data: { name: 'p_data' } } });
    const next = model({ db: service }, { volumes: { data: { name: 'other' } } });
    expect(predict(input(next, [], { before })).warnings).toEqual([
      'service db gets volume other at /d in place of p_data, which does not exist yet and will be empty',
    ]);
  });

  it('one that a service gets at another place is said, since the service looks elsewhere', () => {
    const volumes = { data: { name: 'p_data' } };
    const before = model({ db: service }, { volumes });
    const mount = { type: 'volume' as const, source: 'data', target: '/elsewhere' };
    const next = model({ db: { ...service, volumes: [mount] } }, { volumes });
    expect(predict(input(next, [], { before })).warnings).toEqual([
      'service db gets volume p_data at /elsewhere, where it was at /d',
    ]);
    expect(predict(input(before, [], { before })).warnings).toEqual([]);
  });

  it('an external one that is missing is an obstacle', () => {
    expect(volumesOf({ external: true }).obstacles).toEqual([expect.objectContaining({ error: 'PreconditionFailed' })]);
  });
});

describe('networks', () => {
  const next = (more: object = {}) =>
    model({ web: { networks: { default: null } } }, { networks: { default: { name: 'p_default', ...more } } });
  const existing = {
    name: 'p_default',
    driver: 'bridge',
    internal: false,
    subnets: ['10.0.0.0/24'],
    labels: { 'com.docker.compose.project': 'p' },
  };
  const given = (more: object = {}, network = existing) => {
    const made = input(next(more));
    made.world.networks.set('p_default', network);
    return made;
  };

  it('are created, unchanged, or said to differ', () => {
    expect(predict(input(next())).networks).toEqual([{ name: 'p_default', fate: 'created', why: [] }]);
    expect(predict(given()).networks[0]?.fate).toBe('unchanged');
    const changed = predict(given({ ipam: { config: [{ subnet: '10.1.0.0/24' }] } }));
    expect(changed).toMatchObject({ networks: [{ fate: 'changed', why: ['ipam'] }], obstacles: [] });
    expect(changed.warnings).toHaveLength(1);
  });

  it('a protected one may not differ, a foreign one may not be taken, an external one must be there', () => {
    const changed = { ...given({ internal: true }), protectedNetworks: new Set(['p_default']) };
    expect(predict(changed).obstacles).toEqual([expect.objectContaining({ error: 'Protected' })]);
    expect(predict(given({}, { ...existing, labels: {} as never })).obstacles).toEqual([
      expect.objectContaining({ error: 'Conflict' }),
    ]);
    expect(predict(input(next({ external: true }))).obstacles).toEqual([
      expect.objectContaining({ error: 'PreconditionFailed' }),
    ]);
  });
});
