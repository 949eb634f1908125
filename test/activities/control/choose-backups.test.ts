import { describe, expect, it } from '@jest/globals';

import { chooseBackups } from '../../../activities/control/choose-backups.ts';
import type { ComposeCli } from '../../../activities/compose/index.ts';
import type { DockerEngine } from '../../../activities/docker/index.ts';
import type { EffectContext } from '../../../activities/effect.ts';
import type { StoreDrivers } from '../../../activities/stores/registry.ts';
import type { BackupTask } from '../../../runbook/backup-task.ts';
import { outlinedPlan } from '../../workflows/compiled-plan.ts';

const store = { kind: 'postgres' as const, service: 'db', database: 'shop', user: 'shop' };

/** Stores that answer what is said of them here, and do nothing else. */
const answering = (others: string[]) =>
  ({
    postgres: {
      capabilities: {},
      open: async ({ store: name }: { store: string }) => ({
        sight: async () => ({ server: '7', database: name, others, dataDirectory: '/data/cluster' }),
        close: async () => undefined,
      }),
    },
  }) as object as StoreDrivers;
const engine = {
  listByLabel: async () => [
    { State: 'running', Mounts: [{ Type: 'volume', Name: 'shop_dbdata', Destination: '/data' }] },
  ],
  // What containers are compared with is another test's.
  inspectContainer: async () => undefined,
  inspectVolume: async (name: string) => ({
    Name: name,
    Driver: 'local',
    Options: name === 'shop_ram' ? { type: 'tmpfs', device: 'tmpfs' } : null,
  }),
} as object as DockerEngine;
const compose = {
  model: async () => ({
    model: {
      services: { db: { volumes: [{ type: 'volume', source: 'dbdata', target: '/data' }] } },
      volumes: { dbdata: { name: 'shop_dbdata' }, files: { name: 'shop_files' }, ram: { name: 'shop_ram' } },
    },
  }),
} as object as ComposeCli;

/** What is chosen of a plan in which a phase backs up `orders` by the given method. */
async function choice(
  said: { method?: 'physical' },
  asked: Partial<Extract<BackupTask, { do: 'create' }>>,
  others: string[] = [],
) {
  const plan = outlinedPlan('shop', '/stack', [
    {
      id: 'one',
      operations: [{ stage: 'backup', kind: 'backupStore', input: { store: 'orders', point: 'p', ...said } }],
    },
  ]);
  const context = {
    plan: { ...plan, stores: { orders: store, other: store } },
    operation: { summary: '', id: '', timeoutSeconds: 1 },
    home: {},
    signal: new AbortController().signal,
  } as object as EffectContext;
  return chooseBackups(
    { do: 'create', test: false, ...asked },
    { engine, compose, stores: answering(others) },
    context,
  );
}
const chosen = async (said: { method?: 'physical' }, asked: { physical?: true }) =>
  (await choice(said, { stores: ['orders', 'other'], ...asked })).sources;

describe('databases beside those of the stores', () => {
  const volumes = ({ sources }: Awaited<ReturnType<typeof choice>>) =>
    sources.flatMap((source) => ('volume' in source ? [source.volume] : []));

  it('let the volume of their server be left out only where each is a store', async () => {
    const all = await choice({}, {}, ['orders', 'other']);
    expect(volumes(all)).toEqual(['shop_files']);
    expect(all.notes).toContain('volume shop_dbdata is left out: the backup of store orders holds its data');
    const more = await choice({}, {}, ['other', 'bridge']);
    expect(volumes(more)).toEqual(['shop_dbdata', 'shop_files']);
    expect(more.notes.join()).toMatch(/volume shop_dbdata is taken, too: database bridge of the server .* is in no/);
  });

  it('are told apart from a volume in memory, which is left out with a word', async () => {
    const { notes } = await choice({}, {}, ['orders', 'other']);
    expect(notes).toContain('volume shop_ram is left out: it is in memory, and empty as soon as its users stop');
  });

  it('are in a backup of the whole server', async () => {
    expect(volumes(await choice({}, { physical: true }, ['bridge']))).toEqual(['shop_files']);
  });

  it('are named where stores are named and they are in none', async () => {
    expect((await choice({}, { stores: ['orders'] }, ['bridge', 'other'])).notes).toEqual([
      'databases bridge, other of the server of store orders are in none of these backups',
    ]);
    expect((await choice({}, { stores: ['orders'], volumes: ['shop_dbdata'] }, ['bridge'])).notes).toEqual([]);
  });
});

describe('which way a store is backed up outside of a run', () => {
  it('is what a phase of the plan says of it', async () => {
    expect(await chosen({ method: 'physical' }, {})).toEqual([
      { store: 'orders', method: 'physical' },
      { store: 'other' },
    ]);
    expect(await chosen({}, {})).toEqual([{ store: 'orders' }, { store: 'other' }]);
  });

  it('is physical for all where that is asked for', async () => {
    expect(await chosen({}, { physical: true })).toEqual([
      { store: 'orders', method: 'physical' },
      { store: 'other', method: 'physical' },
    ]);
  });
});
