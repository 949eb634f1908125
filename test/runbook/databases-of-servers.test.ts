import { describe, expect, it } from '@jest/globals';
import {
  describeUncovered,
  serverOf,
  uncoveredDatabases,
  type ServerSight,
} from '../../runbook/databases-of-servers.ts';

const sight = (store: string, server: string, others: string[], more: Partial<ServerSight> = {}): ServerSight => ({
  ...{ store, server, database: store, others, whole: false, ...more },
});

describe('databases that no backup has', () => {
  it('are told by server, each once, in order, without those of other stores', () => {
    const sights = [
      sight('web', 's1', ['shop', 'zoo', 'bridge']),
      sight('shop', 's1', ['web', 'bridge']),
      sight('other', 's2', ['only']),
      sight('alone', 's3', []),
    ];
    expect(uncoveredDatabases(sights)).toEqual([
      { server: 's1', stores: ['shop', 'web'], databases: ['bridge', 'zoo'] },
      { server: 's2', stores: ['other'], databases: ['only'] },
    ]);
  });

  it('are none where one of the stores is backed up with its whole server', () => {
    const sights = [
      sight('web', 's1', ['zoo']),
      sight('shop', 's1', ['zoo'], { whole: true }),
      sight('x', 's2', ['y']),
    ];
    expect(uncoveredDatabases(sights).map(({ server }) => server)).toEqual(['s2']);
    expect(uncoveredDatabases([])).toEqual([]);
  });

  it('are said in a sentence, the first eight by name', () => {
    const say = (count: number, ...stores: string[]) =>
      describeUncovered({ server: 's', stores, databases: Array.from({ length: count }, (_, nth) => `d${nth + 1}`) });
    expect(say(1, 'db')).toBe('database d1 of the server of store db is');
    expect(say(2, 'a', 'b')).toBe('databases d1, d2 of the server of store a, b are');
    expect(say(8, 'db')).toBe('databases d1, d2, d3, d4, d5, d6, d7, d8 of the server of store db are');
    expect(say(10, 'db')).toBe('databases d1, d2, d3, d4, d5, d6, d7, d8 and 2 more of the server of store db are');
  });

  it('are in the server that the identity of a store begins with', () => {
    expect(serverOf('system/database')).toBe('system');
    expect(serverOf('system')).toBe('system');
  });
});
