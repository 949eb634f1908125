import { describe, expect, it } from '@jest/globals';
import { inOneWindow } from '../../../runbook/operations/backup-volume.ts';

const backup = (id: string, quiesce: 'stop' | 'pause' | 'none', ...services: string[]) => ({
  id,
  kind: 'backupVolume',
  input: { volume: `v-${id}`, point: `p-${id}`, quiesce },
  effects: [
    { resource: `volume:v-${id}`, change: 'read' },
    ...services.map((name) => ({ resource: `service:${name}`, change: 'stop' })),
  ],
});
const other = { id: 'store', kind: 'backupStore', input: { store: 'db', point: 's' }, effects: [] };

describe('backups in one quiet window', () => {
  it('are taken with the first that makes somebody quiet, which says whom all of them stop', () => {
    const all = [backup('a', 'none'), backup('b', 'stop', 'web'), other, backup('c', 'pause', 'web', 'job')];
    const [a, b, store, c] = inOneWindow(all);
    expect([a, store, c]).toEqual([all[0], other, all[3]]);
    expect(b).toEqual({
      ...backup('b', 'stop', 'web', 'job'),
      input: {
        ...all[1]!.input,
        together: [{ operation: 'c', volume: 'v-c', point: 'p-c', quiesce: 'pause' }],
      },
    });
  });

  it('stay as they are where only one makes somebody quiet, or none', () => {
    const alone = [backup('a', 'stop', 'web'), backup('b', 'none'), other];
    expect(inOneWindow(alone)).toEqual(alone);
    expect(inOneWindow([other])).toEqual([other]);
  });
});
