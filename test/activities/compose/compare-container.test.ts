import { describe, expect, it } from '@jest/globals';
import { compareContainer, movedVolumes, sharersOf, type SeenContainer } from '../../../activities/compose/index.ts';
import { parseModel, type ComposeService } from '../../../activities/compose/compose-model.ts';

const model = (service: object, more: object = {}) =>
  parseModel(
    JSON.stringify({
      name: 'shop',
      services: { web: { image: 'web:1', ...service } },
      volumes: { data: { name: 'shop_data' } },
      networks: { default: { name: 'shop_default' } },
      ...more,
    }),
  );

const service: ComposeService = {
  command: ['serve', '$$HOME'],
  entrypoint: ['/entry'],
  environment: { MODE: 'a$$b', LEFT_OPEN: null },
  user: '1000',
  labels: { team: 'x' },
  restart: 'always',
  ports: [{ target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'tcp' }],
  networks: { default: { aliases: ['shop'] } },
  volumes: [
    { type: 'volume', source: 'data', target: '/data' },
    { type: 'bind', source: '/srv/conf', target: '/conf', read_only: true },
    { type: 'volume', target: '/anonymous' },
  ],
};

const container: SeenContainer = {
  id: 'c1',
  name: 'shop-web-1',
  service: 'web',
  imageId: 'sha256:one',
  environment: ['MODE=a$b', 'PATH=/bin', 'LEFT_OPEN'],
  command: ['serve', '$HOME'],
  entrypoint: ['/entry'],
  user: '1000',
  labels: { team: 'x', 'com.docker.compose.service': 'web' },
  mounts: [
    { type: 'volume', source: 'shop_data', target: '/data', readOnly: false },
    { type: 'bind', source: '/srv/conf', target: '/conf', readOnly: true },
    { type: 'volume', source: 'f'.repeat(64), target: '/anonymous', readOnly: false },
    { type: 'volume', source: 'e'.repeat(64), target: '/of-the-image', readOnly: false },
  ],
  networks: { shop_default: ['shop-web-1', 'web', 'shop'] },
  networkMode: 'shop_default',
  ports: ['127.0.0.1:8080:80/tcp'],
  restart: 'always',
  image: { environment: ['PATH=/bin'], command: ['other'], entrypoint: null, user: '' },
};

const differences = (change: Partial<SeenContainer>) =>
  compareContainer(model(service), { ...container, ...change }, 'sha256:one');
const mount = (index: number, change: object) => ({
  mounts: container.mounts.map((one, at) => (at === index ? { ...one, ...change } : one)),
});

describe('a container compared with the model', () => {
  it('is what it says', () => {
    expect(differences({})).toEqual([]);
  });

  it.each<[string, Partial<SeenContainer>, string]>([
    ['image', { imageId: 'sha256:two' }, 'image two, not one'],
    ['volumes', mount(0, { source: 'shop_old' }), 'volume shop_old at /data, not volume shop_data'],
    ['volumes', mount(0, { target: '/elsewhere' }), 'nothing mounted at /data, not volume shop_data'],
    ['volumes', mount(0, { readOnly: true }), 'volume shop_data at /data mounted read-only'],
    ['volumes', mount(1, { source: '/srv/other' }), 'bind /srv/other at /conf, not bind /srv/conf'],
    ['volumes', mount(2, { source: 'named' }), 'volume named at /anonymous, not an anonymous volume'],
    ['volumes', mount(3, { source: 'named' }), 'volume named at /of-the-image, which the model has not'],
    ['environment', { environment: ['MODE=other', 'PATH=/bin'] }, 'other values of MODE'],
    ['environment', { environment: [...container.environment, 'MORE=1'] }, 'other values of MORE'],
    ['command', { command: ['serve'] }, 'another command'],
    ['entrypoint', { entrypoint: null }, 'another entrypoint'],
    ['user', { user: '' }, 'user of the image, not 1000'],
    ['labels', { labels: {} }, 'other labels: team'],
    ['networks', { networks: {} }, 'not in network shop_default'],
    ['networks', { networks: { shop_default: ['web'] } }, 'not known as shop in network shop_default'],
    ['ports', { ports: [] }, 'port 8080:80 not published'],
    ['restart', { restart: '' }, 'restart policy no, not always'],
  ])('differs in %s', (what, change, detail) => {
    const found = differences(change);
    expect(found.map((one) => one.what)).toContain(what);
    expect(found.map((one) => one.detail).join('; ')).toContain(detail);
    expect(JSON.stringify(found)).not.toContain('a$b');
  });

  it('gets from its image what the model leaves open', () => {
    const open = model({});
    const given = { ...container, environment: ['PATH=/bin'], mounts: [], labels: {}, ports: [], restart: 'no' };
    const asImage = { ...given, command: ['other'], entrypoint: null, user: '' };
    expect(compareContainer(open, asImage, 'sha256:one')).toEqual([]);
    expect(compareContainer(open, { ...asImage, command: ['by hand'] }, 'sha256:one')).toHaveLength(1);
  });
});

describe('volumes that the model names otherwise than containers mount them', () => {
  it('are found, once for each service and place', () => {
    const renamed = model(service, { volumes: { data: { name: 'shop_new' } } });
    expect(movedVolumes(renamed, [container, { ...container, id: 'c2' }])).toEqual([
      { service: 'web', target: '/data', mounted: 'shop_data', named: 'shop_new' },
    ]);
    expect(movedVolumes(model(service), [container])).toEqual([]);
  });
});

describe('services that share a namespace', () => {
  const services = {
    tunnel: {},
    fetcher: { network_mode: 'service:tunnel' },
    watcher: { pid: 'service:fetcher' },
    beside: { network_mode: 'service:other' },
  };
  it('are found over any number of steps', () => {
    const shared = parseModel(JSON.stringify({ name: 'shop', services }));
    expect(sharersOf(shared, ['tunnel'])).toEqual(['fetcher', 'watcher']);
    expect(sharersOf(shared, ['beside'])).toEqual([]);
  });
});
