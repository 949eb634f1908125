import { describe, expect, it } from '@jest/globals';

import { chooseBackups } from '../../../activities/control/choose-backups.ts';
import type { DockerEngine } from '../../../activities/docker/index.ts';
import type { EffectContext } from '../../../activities/effect.ts';
import { outlinedPlan } from '../../workflows/compiled-plan.ts';

const store = { kind: 'postgres' as const, service: 'db', database: 'shop', user: 'shop' };

/** The stores that are chosen of a plan in which a phase backs up `orders` by the given method. */
async function chosen(said: { method?: 'physical' }, asked: { physical?: true }) {
  const plan = outlinedPlan('shop', '/stack', [
    {
      id: 'one',
      operations: [{ stage: 'backup', kind: 'backupStore', input: { store: 'orders', point: 'p', ...said } }],
    },
  ]);
  const context = { plan: { ...plan, stores: { orders: store, other: store } } } as unknown as EffectContext;
  const task = { do: 'create' as const, stores: ['orders', 'other'], test: false, ...asked };
  return (await chooseBackups(task, { engine: {} as DockerEngine }, context)).sources;
}

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
