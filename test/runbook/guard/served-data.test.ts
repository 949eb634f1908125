import { describe, expect, it } from '@jest/globals';
import { judgeServedData, majorVersion, type ServedData } from '../../../runbook/guard/served-data.ts';

const data = '/var/lib/postgresql/data';
const judge = (more: Partial<ServedData>) =>
  judgeServedData({ service: 'db', version: '17', dataFolder: data, mounts: [], ...more })?.message;
const volume = (target: string, folder = '', version = '17', wasMounted = true) => ({
  target,
  name: 'volume p_db',
  data: [{ folder, version }],
  wasMounted,
});

describe('a PostgreSQL server and the data that it would find', () => {
  it.each<[string, Partial<ServedData>]>([
    ['its own version at the very place', { mounts: [volume(data)] }],
    ['its own version below the mount', { mounts: [volume('/var/lib/postgresql', 'data')] }],
    ['a mount that ends with a slash', { mounts: [volume(`${data}/`)] }],
    ['an empty volume', { mounts: [{ target: data, name: 'volume p_new', data: [] }] }],
    ['data of others in a volume that it never had', { mounts: [volume('/old', '', '15', false)] }],
    [
      'one of several clusters that suits, where the image does not say which',
      {
        dataFolder: undefined,
        mounts: [
          {
            target: '/pg',
            name: 'volume p_db',
            data: [
              { folder: '16', version: '16' },
              { folder: '17', version: '17' },
            ],
          },
        ],
      },
    ],
  ])('may start on %s', (_what, given) => {
    expect(judge(given)).toBeUndefined();
  });

  it.each<[string, Partial<ServedData>, string]>([
    [
      'files of a newer version',
      { version: '15', mounts: [volume(data, '', '16')] },
      'service db runs PostgreSQL 15, and the data in volume p_db is of PostgreSQL 16',
    ],
    [
      'files of another version below the mount',
      { version: '16', mounts: [volume('/var/lib/postgresql', 'data', '9.6')] },
      'service db runs PostgreSQL 16, and the data in volume p_db is of PostgreSQL 9.6 (in data)',
    ],
    [
      'files of another version, where the image does not say where it looks',
      { version: '15', dataFolder: undefined, mounts: [volume('/bitnami/postgresql', 'data', '16')] },
      'service db runs PostgreSQL 15, and the data in volume p_db is of PostgreSQL 16 (in data)',
    ],
    [
      'nothing, in a volume that the image declares, while its data is mounted above',
      { mounts: [volume('/var/lib/postgresql'), { target: data, name: 'a volume without a name' }] },
      `service db would begin an empty database at ${data}, in a volume without a name, beside its data: that is at /var/lib/postgresql, in volume p_db (PostgreSQL 17)`,
    ],
    [
      'nothing, below the mount that holds its data',
      { version: '18', dataFolder: '/var/lib/postgresql/18/docker', mounts: [volume('/var/lib/postgresql', '17')] },
      'service db would begin an empty database at /var/lib/postgresql/18/docker, beside its data: that is at /var/lib/postgresql/17, in volume p_db (PostgreSQL 17)',
    ],
    [
      'nothing, where no mount is',
      { dataFolder: '/srv/pg', mounts: [volume(data)] },
      `service db would begin an empty database at /srv/pg, beside its data: that is at ${data}, in volume p_db (PostgreSQL 17)`,
    ],
  ])('is not started on %s', (_what, given, message) => {
    expect(judge(given)).toBe(message);
  });
});

it.each([
  ['postgres (PostgreSQL) 17.2 (Debian 17.2-1.pgdg120+1)', '17'],
  ['postgres (PostgreSQL) 9.6.24', '9.6'],
  ['16', '16'],
  ['no such command', undefined],
])('the major version of %s is %s', (said, major) => {
  expect(majorVersion(said)).toBe(major);
});
