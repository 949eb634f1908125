import { describe, expect, it } from '@jest/globals';
import { readCompose } from '../../../runbook/compile.ts';
import { guardCompose } from '../../../runbook/guard/index.ts';

const facts = (volumes: unknown, more: object = {}) => {
  const read = readCompose({ services: { db: { image: 'db:1' } }, volumes, ...more });
  if (read === undefined) throw new Error('no Compose file');
  return read;
};
const refused = (before: unknown, after: unknown, more: object = {}) =>
  guardCompose(facts(after, more), facts(before), [{ volume: 'shop_data' }, { path: 'x' }], 'shop').map(
    ({ message }) => message,
  );

describe('[K9] checkpoints and protected volumes', () => {
  it('lets an unchanged definition pass, however it is spelt', () => {
    expect(refused({ data: null }, { data: {} })).toEqual([]);
    expect(refused({ data: null }, { data: null, other: null })).toEqual([]);
    expect(refused({ data: null }, { moved: { name: 'shop_data' } })).toEqual([]);
    expect(
      refused({ data: { driver: 'local', labels: { a: '1' } } }, { data: { labels: { a: '1' }, driver: 'local' } }),
    ).toEqual([]);
  });

  it('refuses another definition, another name, and none', () => {
    expect(refused({ data: null }, { data: { labels: { a: '1' } } })).toEqual([
      'the protected volume `shop_data` is defined in another way than in the baseline',
    ]);
    expect(refused({ data: null }, { data: { external: true, name: 'shop_data' } })).toHaveLength(1);
    expect(refused({ data: null }, { data: { name: 'elsewhere' } })).toEqual([
      'the volume `data` is `elsewhere` here, not the protected `shop_data`',
    ]);
    expect(refused({ data: null }, {})).toEqual(['the protected volume `shop_data` is not defined here']);
  });

  it('guards networks likewise, the default one among them', () => {
    const baseline = facts({}, { networks: { back: null } });
    const protect = [{ network: 'shop_back' }, { network: 'shop_default' }];
    const messages = (networks: unknown) =>
      guardCompose(facts({}, { networks }), baseline, protect, 'shop').map(({ message }) => message);
    expect(messages({ back: {} })).toEqual([]);
    expect(messages({})).toEqual(['the protected network `shop_back` is not defined here']);
    expect(messages({ back: null, default: { driver: 'macvlan' } })).toEqual([
      'the protected network `shop_default` is defined in another way than in the baseline',
    ]);
  });

  it('does not judge what included files may define', () => {
    expect(refused({ data: null }, {}, { include: ['other.yml'] })).toEqual([]);
  });
});

describe('reading Compose files', () => {
  it('takes short and long mounts, one-shots, profiles and external volumes', () => {
    const read = readCompose({
      services: {
        db: {
          image: 'db',
          volumes: [
            'data:/data',
            './conf:/conf:ro',
            '/anonymous',
            '${DIR:-./x}:/x',
            { type: 'volume', source: 'data', target: '/d' },
            { type: 'volume', target: '/a' },
          ],
        },
        init: { build: '.', profiles: ['tools'] },
        api: { depends_on: { init: { condition: 'service_completed_successfully' } } },
      },
      volumes: { data: { external: true } },
    });
    expect(read?.services['db']?.mounts.map(({ type }) => type)).toEqual([
      'volume',
      'bind',
      'anonymous',
      'bind',
      'volume',
      'anonymous',
    ]);
    expect(read?.services['init']).toMatchObject({ oneShot: true, build: true, profiles: ['tools'] });
    expect(read?.volumes['data']?.external).toBe(true);
  });

  it.each([[null], ['text'], [[]], [{}], [{ services: [] }]])('is none: %p', (value) => {
    expect(readCompose(value)).toBeUndefined();
  });
});
