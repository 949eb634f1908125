import { describe, expect, it } from '@jest/globals';
import { compareStates, isLeftOut, judgeStore } from '../../../activities/clone/compare-states.ts';
import type { CloneState, ServiceState } from '../../../activities/clone/read-state.ts';

const service = (more: Partial<ServiceState> = {}): ServiceState => ({
  ...{ image: 'a', environment: 'e', command: 'c', mounts: 'm', networks: 'n', limits: 'l', health: 'h' },
  condition: 'healthy',
  ...more,
});
const state = (more: Partial<CloneState> = {}): CloneState => ({
  files: { 'docker-compose.yml': '644 a' },
  services: { 'api 1': service() },
  volumes: { data: { a: 'f 644 0:0 1 sha256 x' } },
  stores: {},
  ...more,
});
const differences = (after: Partial<CloneState>) =>
  compareStates(state(), state(after)).differences.map(({ resource, what }) => `${resource} ${what}`);

describe('two moments of a clone', () => {
  it('are equal when nothing differs', () => expect(differences({})).toEqual([]));

  it.each<[string, Partial<CloneState>]>([
    ['file:docker-compose.yml has changed', { files: { 'docker-compose.yml': '644 b' } }],
    ['file:docker-compose.yml is gone', { files: {} }],
    ['service:api image is b, was a', { services: { 'api 1': service({ image: 'b' }) } }],
    ['service:api has another environment', { services: { 'api 1': service({ environment: 'x' }) } }],
    ['service:api condition is exited 1, was healthy', { services: { 'api 1': service({ condition: 'exited 1' }) } }],
    ['service:api 2 runs although it did not', { services: { 'api 1': service(), 'api 2': service() } }],
    ['volume:data a has changed', { volumes: { data: { a: 'f 600 0:0 1 sha256 x' } } }],
    ['volume:data a is gone', { volumes: { data: {} } }],
    ['volume:data is gone', { volumes: {} }],
  ])('differ: %s', (what, after) => expect(differences(after)).toEqual([what]));

  it('may hold more than before: services write', () => {
    const found = compareStates(state(), state({ volumes: { data: { a: 'f 644 0:0 1 sha256 x', log: 'f' } } }));
    expect(found).toMatchObject({ differences: [], more: [{ resource: 'volume:data', what: 'log is new' }] });
  });
});

describe('a store after the way back', () => {
  const column = { object: 'public.t.note', what: 'public.t got the column note' };
  const marks = (more: object) => ({ added: [], changed: [], tables: [], compared: '', ...more });
  const judged = (more: object, additions = {}) =>
    judgeStore('orders', marks(more), { kept: [], undone: [], anyKept: false, ...additions });

  it('must not have what was taken back', () => {
    const { differences: found } = judged({ added: [column] }, { undone: [column.what], anyKept: true });
    expect(found[0]?.what).toContain('its undo has not taken that back');
  });

  it('may have what a step leaves on purpose', () => {
    expect(judged({ added: [column] }, { kept: [column.what] }).differences).toEqual([]);
  });

  it('must have every row, as it was, and may have more', () => {
    const tables = [{ table: 'public.t', missing: 1, different: 2, more: 3 }];
    const found = judged({ tables });
    expect(found.differences.map(({ what }) => what)).toEqual(['1 rows are gone', '2 rows have other values']);
    expect(found.more.map(({ what }) => what)).toEqual(['3 rows more']);
  });
});

describe('what is left out', () => {
  it.each<[string, string, boolean]>([
    ['volume:data', 'volume:data', true],
    ['volume:data', 'volume:data2', false],
    ['store:orders/public.t', 'store:orders/public.t.note', true],
    ['store:orders/public.t_*', 'store:orders/public.t_old_1.x', true],
    ['store:orders/public.t', 'store:orders/public.t2', false],
    ['store:orders', 'store:orders/public.t', true],
  ])('%s leaves out %s: %s', (name, resource, expected) => expect(isLeftOut(resource, [name])).toBe(expected));
});
