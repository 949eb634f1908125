import { describe, expect, it } from '@jest/globals';

import {
  judgeServices,
  mayEnd,
  type ComposeModel,
  type ComposeService,
  type ContainerSight,
} from '../../../activities/compose/index.ts';

const model = (services: Record<string, ComposeService>): ComposeModel => ({
  name: 'p',
  services,
  volumes: {},
  networks: {},
  configs: {},
  secrets: {},
});
const sight = (more: Partial<ContainerSight>): ContainerSight => ({
  service: 'web',
  name: 'p-web-1',
  state: 'running',
  exitCode: 0,
  restartCount: 0,
  health: 'none',
  steadyMs: 60_000,
  unhealthyMs: 0,
  ...more,
});

describe('a service', () => {
  it.each<[string, Partial<ContainerSight>, ComposeService]>([
    ['ready', { health: 'healthy' }, {}],
    ['ready', {}, {}],
    ['waiting', { steadyMs: 10 }, {}],
    ['waiting', { health: 'starting' }, {}],
    ['waiting', { health: 'unhealthy', unhealthyMs: 1000 }, {}],
    ['failed', { health: 'unhealthy', unhealthyMs: 30_000 }, {}],
    ['failed', { restartCount: 3, steadyMs: 10 }, { restart: 'always' }],
    ['waiting', { state: 'restarting', restartCount: 1, exitCode: 1 }, { restart: 'always' }],
    ['failed', { state: 'restarting', restartCount: 5, exitCode: 1 }, { restart: 'always' }],
    ['completed', { state: 'exited' }, {}],
    ['failed', { state: 'exited', exitCode: 1 }, {}],
    ['failed', { state: 'exited' }, { restart: 'unless-stopped' }],
    ['failed', { state: 'exited' }, { ports: [{ target: 80 }] }],
    ['failed', { state: 'exited' }, { healthcheck: { test: ['CMD', 'true'] } }],
    ['waiting', { state: 'created' }, {}],
    ['waiting', { state: 'paused' }, {}],
    ['failed', { state: 'dead' }, {}],
  ])('is %s with %j', (verdict, seen, service) => {
    expect(judgeServices(model({ web: service }), [sight(seen)])[0]).toMatchObject({ service: 'web', verdict });
  });

  it('with a missing replica waits; without replicas, or with a profile, it is not asked for', () => {
    expect(judgeServices(model({ web: { scale: 2 } }), [sight({})])[0]).toMatchObject({
      verdict: 'waiting',
      detail: '1 of 2 containers missing',
    });
    expect(judgeServices(model({ web: { deploy: { replicas: 0 } }, debug: { profiles: ['debug'] } }), [])).toEqual([]);
  });

  it('is as bad as its worst container', () => {
    const verdicts = judgeServices(model({ web: { scale: 2 } }), [
      sight({}),
      sight({ name: 'p-web-2', state: 'exited', exitCode: 7 }),
    ]);
    expect(verdicts).toEqual([expect.objectContaining({ verdict: 'failed', detail: 'p-web-2 exited with 7' })]);
  });
});

it('a one-shot is one whose end somebody waits for, or that says so, or that nothing keeps up', () => {
  const services = {
    init: { restart: 'unless-stopped' },
    api: { depends_on: { init: { condition: 'service_completed_successfully' } }, restart: 'always' },
    said: { restart: 'always', labels: { 'io.switchback.one-shot': 'true' } },
    not: { labels: { 'io.switchback.one-shot': 'false' } },
    plain: { restart: 'on-failure:3' },
  };
  expect(Object.keys(services).filter((name) => mayEnd(model(services), name))).toEqual(['init', 'said', 'plain']);
});
