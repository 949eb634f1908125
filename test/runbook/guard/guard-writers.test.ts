import { describe, expect, it } from '@jest/globals';
import { readCompose } from '../../../runbook/compile.ts';
import type { ProtectedResource } from '../../../runbook/compiled-plan.ts';
import { guardWriters, strangersTo } from '../../../runbook/guard/index.ts';

const stack = (services: Record<string, object>, volumes: object = { data: null }) => {
  const read = readCompose({ services, volumes });
  if (read === undefined) throw new Error('no Compose file');
  return read;
};
const db = { image: 'db:1', volumes: ['data:/data'] };
const baseline = stack({ db, reader: { image: 'reader:1', volumes: ['data:/data:ro', './conf:/conf'] } });
const place = { project: 'shop', directory: '/srv/shop', profiles: [] };
const refused = (services: Record<string, object>, protect: ProtectedResource[] = [{ volume: 'shop_data' }]) =>
  guardWriters(
    stack(services, { data: null, other: { driver_opts: { o: 'bind', device: '/srv/shop/conf/deep' } } }),
    baseline,
    protect,
    place,
  ).map(({ message }) => message.replaceAll(/ (mounts|which).*/g, ''));

describe('[K9] writers of what is protected', () => {
  it('are those that mount it writable in the baseline, with the image that they have there', () => {
    expect(refused({ db })).toEqual([]);
    expect(refused({ db: { ...db, image: 'db:2' } })).toEqual(['service db']);
    expect(refused({ db, cleaner: { image: 'x', volumes: ['data:/d'] } })).toEqual(['service cleaner']);
    expect(refused({ db, reader: { image: 'reader:1', volumes: ['data:/data'] } })).toEqual(['service reader']);
  });

  it('are not those that mount it read-only, or that are not started', () => {
    const volumes = [{ type: 'volume', source: 'data', target: '/d', read_only: true }];
    expect(refused({ db, cleaner: { image: 'x', volumes } })).toEqual([]);
    expect(refused({ db, cleaner: { image: 'x', volumes: ['data:/d'], profiles: ['tools'] } })).toEqual([]);
  });

  it('are seen where a service takes over the mounts of another one', () => {
    expect(refused({ db, cleaner: { image: 'x', volumes_from: ['db'] } })).toEqual(['service cleaner']);
    expect(refused({ db, cleaner: { image: 'x', volumes_from: ['db:ro'] } })).toEqual([]);
    const between = { image: 'x', volumes_from: ['db:ro', 'cleaner'] };
    expect(refused({ db, between, cleaner: { image: 'x', volumes_from: ['between'] } })).toEqual([]);
  });

  it('are named by the plan, each image by an entry of its own', () => {
    const writers = (...entries: { service: string; image?: string; images?: 'any' }[]): ProtectedResource[] => [
      { volume: 'shop_data', writers: entries },
    ];
    const newer = { db: { ...db, image: 'db:2' } };
    expect(refused(newer, writers({ service: 'db' }))).toEqual(['service db']);
    expect(refused(newer, writers({ service: 'db' }, { service: 'db', image: 'db:2' }))).toEqual([]);
    expect(refused({ db }, writers({ service: 'db', image: 'db:2' }))).toEqual([]);
    expect(refused(newer, writers({ service: 'db', images: 'any' }))).toEqual([]);
    expect(refused({ db }, writers({ service: 'reader' }))).toEqual(['service db']);
    expect(refused(newer, [{ volume: 'shop_data', others: 'read-only' }])).toEqual([]);
  });

  it('of a path are those that mount it, what is in it, or a folder above it', () => {
    const conf: ProtectedResource[] = [{ path: 'conf' }];
    const mounting = (source: string) => refused({ x: { image: 'x', volumes: [`${source}:/c`] } }, conf);
    for (const source of ['./conf', '/srv/shop/conf', './conf/a', '.', '/', './a/../conf', 'other'])
      expect([source, mounting(source)]).toEqual([source, ['service x']]);
    for (const source of ['./config', '/srv/other/conf', 'data'])
      expect([source, mounting(source)]).toEqual([source, []]);
    expect(refused({ reader: { image: 'reader:1', volumes: ['./conf:/elsewhere'] } }, conf)).toEqual([]);
  });

  it('are left to the engine where only Compose knows the image', () => {
    const built = stack({ db: { build: '.', volumes: ['data:/data'] } });
    expect(guardWriters(stack({ db }), built, [{ volume: 'shop_data' }], place)).toEqual([]);
    expect(refused({ db: { ...db, image: 'db:${TAG}' } })).toEqual([]);
    const mount = { service: 'db', mount: { type: 'volume' as const, source: 'data', target: '/d', readOnly: false } };
    expect(strangersTo([mount], new Map([['db', new Set(['sha256:1'])]]), () => 'sha256:2')).toMatchObject([
      { service: 'db', image: 'sha256:2' },
    ]);
  });
});
