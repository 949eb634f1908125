import { describe, expect, it } from '@jest/globals';
import { isolateModel } from '../../../activities/clone/isolate-model.ts';
import type { ComposeModel, ComposeService } from '../../../activities/compose/index.ts';

const clone = { project: 'shop', directory: '/stacks/shop', copy: '/clones/shop/stack', target: 'shop.rehearsal-1' };
const model = (service: ComposeService, more: Partial<ComposeModel> = {}): ComposeModel => ({
  name: 'shop-rehearsal',
  services: { api: { image: 'api:1', ...service } },
  volumes: {},
  networks: { default: { name: 'shop_default' } },
  configs: {},
  secrets: {},
  ...more,
});
const isolated = (service: ComposeService, more: Partial<ComposeModel> = {}) =>
  isolateModel(model(service, more), clone);

describe('the isolated form of a stack', () => {
  it('has no names, ports, labels or log drivers of the original', () => {
    const { api } = isolated({
      container_name: 'shop-api',
      hostname: 'api.shop',
      ports: [{ target: 8080, published: '80' }],
      labels: { 'traefik.enable': 'true', 'io.switchback.one-shot': 'true' },
      logging: { driver: 'syslog' },
      build: { context: '.' },
    }).services;
    for (const key of ['container_name', 'hostname', 'ports', 'logging', 'build']) expect(api).not.toHaveProperty(key);
    expect(api?.labels).toEqual({
      'io.switchback.one-shot': 'true',
      'io.switchback.target': 'shop.rehearsal-1',
      'io.switchback.role': 'clone',
      'io.switchback.published': '80:8080',
    });
  });

  it('has internal networks without addresses, and keeps the aliases by which services find each other', () => {
    const found = isolated({ networks: { default: { aliases: ['orders'], ipv4_address: '10.0.0.9' } as object } });
    expect(found.networks['default']).toMatchObject({ name: 'shop-rehearsal_default', internal: true });
    expect(found.services['api']?.networks).toEqual({ default: { aliases: ['orders'] } });
  });

  it('has volumes of its own, also where the original names them', () => {
    const found = isolated({}, { volumes: { data: { name: 'shop_live_data' } } });
    expect(found.volumes['data']).toMatchObject({ name: 'shop-rehearsal_data' });
    expect(JSON.stringify(found)).not.toContain('shop_live_data');
  });

  it('reads the copies of files of the stack', () => {
    const found = isolated({ volumes: [{ type: 'bind', source: '/stacks/shop/conf', target: '/etc/api' }] });
    expect(found.services['api']?.volumes?.[0]?.source).toBe('/clones/shop/stack/conf');
  });

  it('runs what `docker compose build` has made of the original', () => {
    const { image: _none, ...built } = model({ build: {} }).services['api'] ?? {};
    const found = isolateModel({ ...model({}), services: { api: built } }, clone);
    expect(found.services['api']?.image).toBe('shop-api');
  });

  it.each<[string, ComposeService, Partial<ComposeModel>]>([
    ['mounts /etc from outside', { volumes: [{ type: 'bind', source: '/etc', target: '/x' }] }, {}],
    ['mounts /stacks/shop2 from outside', { volumes: [{ type: 'bind', source: '/stacks/shop2', target: '/x' }] }, {}],
    ['uses the network host', { network_mode: 'host' }, {}],
    ['uses the network container:db', { network_mode: 'container:db' }, {}],
    ['has privileged', { privileged: true }, {}],
    ['has devices', { devices: [{ source: '/dev/sda' }] }, {}],
    ['shares pid with the host', { pid: 'host' }, {}],
    ['has the capability SYS_ADMIN', { cap_add: ['SYS_ADMIN'] }, {}],
    ['has extra_hosts', { extra_hosts: ['db=10.0.0.1'] }, {}],
    ['has external_links', { external_links: ['other'] }, {}],
    ['has some_new_key, which may reach outside', { some_new_key: 'x' }, {}],
    ['volume v belongs to somebody else', {}, { volumes: { v: { name: 'v', external: true } } }],
    ['volume v may lie elsewhere', {}, { volumes: { v: { name: 'v', driver: 'nfs' } } }],
    ['network n belongs to somebody else', {}, { networks: { n: { name: 'n', external: true } } }],
    ['secret s is read from outside', {}, { secrets: { s: { file: '/etc/ssh/id' } } }],
  ])('is refused: %s', (why, service, more) => {
    expect(() => isolated(service, more)).toThrow(why);
  });

  it('names all that it refuses at once', () => {
    expect(() => isolated({ privileged: true, network_mode: 'host' })).toThrow(/network host.*privileged/);
  });
});
