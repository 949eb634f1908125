import { describe, expect, it } from '@jest/globals';
import {
  aboutOf,
  createOperations,
  describeTask,
  pointNameOf,
  proofOperation,
  pruneOperations,
  restoreOperation,
  taskOperation,
  type BackupOutcome,
} from '../../runbook/backup-task.ts';
import { pointSet } from '../../runbook/point-set.ts';

const host = 'far-host';
const said = (list: readonly { summary: string }[]) => list.map(({ summary }) => summary);

describe('the operations of a task', () => {
  it('take all points first, so that they are close together, and prove them then', () => {
    const operations = createOperations(
      [
        { volume: 'data', quiesce: 'stop' },
        { volume: 'logs', quiesce: 'pause' },
        { volume: 'tmp', quiesce: 'none' },
        { store: 'db' },
        { store: 'all', method: 'physical' },
        { store: 'wal', method: 'physical', pointInTime: true },
      ],
      true,
      host,
    );
    expect(operations.map(({ id }) => id)).toEqual([
      'backup/01-backupVolume',
      'backup/02-backupVolume',
      'backup/03-backupVolume',
      'backup/04-backupStore',
      'backup/05-backupStore',
      'backup/06-backupStore',
      ...['07', '08', '09', '10', '11', '12'].map((number) => `backup/${number}-proveBackup`),
    ]);
    expect(said(operations)).toEqual([
      'back up the volume data, its users stopped',
      'back up the volume logs, its users frozen',
      'back up the volume tmp, while it is in use',
      'back up the store db',
      'back up the whole server of the store all',
      'back up the whole server of the store wal, and follow its log',
      ...['volume-data', 'volume-logs', 'volume-tmp', 'store-db', 'store-all', 'store-wal'].map(
        (point) => `test that ${point} can be restored`,
      ),
    ]);
    expect(operations.map(({ input }) => input)).toEqual([
      {
        volume: 'data',
        point: 'volume-data',
        quiesce: 'stop',
        // One quiet window for all who have to be quiet.
        together: [{ operation: 'backup/02-backupVolume', volume: 'logs', point: 'volume-logs', quiesce: 'pause' }],
      },
      { volume: 'logs', point: 'volume-logs', quiesce: 'pause' },
      { volume: 'tmp', point: 'volume-tmp', quiesce: 'none' },
      { store: 'db', point: 'store-db' },
      { store: 'all', point: 'store-all', method: 'physical' },
      { store: 'wal', point: 'store-wal', method: 'physical', pointInTime: true },
      ...['volume-data', 'volume-logs', 'volume-tmp', 'store-db', 'store-all', 'store-wal'].map((point) => ({ point })),
    ]);
    expect(operations[0]).toMatchObject({
      effects: [
        { resource: 'volume:data', change: 'read' },
        { resource: 'point:volume-data', change: 'create' },
      ],
      undo: { by: 'nothing', summary: 'the recovery point stays; it disturbs nobody' },
    });
    expect(operations[3]?.effects).toEqual([
      { resource: 'store:db', change: 'read' },
      { resource: 'point:store-db', change: 'create' },
    ]);
    expect(operations[6]).toMatchObject({
      effects: [{ resource: 'point:volume-data', change: 'read' }],
      undo: { by: 'nothing', summary: 'it restores into a scratch place and removes that again' },
    });
  });

  it('are in no phase, run where they are told to, and go on with the numbers of those before', () => {
    const operations = createOperations([{ store: 'db' }], true, host, 3);
    expect(operations.map(({ id }) => id)).toEqual(['backup/04-backupStore', 'backup/05-proveBackup']);
    for (const operation of [...operations, proofOperation(1, 'p', host), ...pruneOperations(['p'], host)])
      expect(operation).toMatchObject({ phase: '', stage: 'backup', host, timeoutSeconds: 43_200 });
    expect(createOperations([{ store: 'db' }], false, host)).toHaveLength(1);
    expect(pointNameOf({ volume: 'data', quiesce: 'stop' })).toBe('volume-data');
  });

  it('have a summary that fits into a history', () => {
    const summary = 'x'.repeat(300);
    const one = taskOperation(1, 'proveBackup', { point: 'p' }, host, {
      summary,
      effects: [],
      undo: { by: 'nothing', summary: '' },
    });
    expect(one.summary).toBe('x'.repeat(200));
  });
});

describe('a restore', () => {
  const kept = { by: 'nothing', summary: 'what it replaces is kept' };

  it.each([
    [
      restoreOperation('volume:data', 'r/volume-data', host),
      { volume: 'data', point: 'r/volume-data' },
      'restore the volume data from r/volume-data',
      { resource: 'volume:data', change: 'replace' },
      'volume:data',
    ],
    [
      restoreOperation('volume:data', 'r/volume-data', host, { into: 'other' }),
      { volume: 'data', point: 'r/volume-data', into: 'other' },
      'restore the volume other from r/volume-data',
      { resource: 'volume:other', change: 'replace' },
      'volume:other',
    ],
    [
      restoreOperation('store:db', 'r/store-db', host, { at: 'latest' }),
      { store: 'db', point: 'r/store-db', at: 'latest' },
      'restore the store db from r/store-db as of latest',
      { resource: 'store:db', change: 'replace' },
      'store:db',
    ],
    [
      restoreOperation('store:db', 'r/store-db', host, { intoStore: 'other', createRoles: true }),
      { store: 'other', point: 'r/store-db', from: 'db', createRoles: true },
      'restore the store other from r/store-db',
      { resource: 'store:other', change: 'replace' },
      'store:other',
    ],
    [
      restoreOperation('store:db', 'r/store-db', host, { intoStore: 'db' }),
      { store: 'db', point: 'r/store-db' },
      'restore the store db from r/store-db',
      { resource: 'store:db', change: 'replace' },
      'store:db',
    ],
  ])('%# replaces what it names, and keeps what was there', (operation, input, summary, effect, about) => {
    expect(operation).toMatchObject({ host, summary, undo: kept });
    expect(operation.input).toEqual(input);
    expect(operation.effects).toEqual([effect]);
    expect(aboutOf(operation)).toBe(about);
  });

  it('into a new database makes one, and touches nothing else', () => {
    const operation = restoreOperation('store:db', 'r/store-db', host, { into: 'copy' });
    expect(operation).toMatchObject({
      kind: 'restoreStore',
      summary: 'restore r/store-db as database copy beside the store db',
      effects: [{ resource: 'database:copy', change: 'create' }],
      undo: { by: 'keeping', summary: 'database copy is new and disturbs nobody' },
    });
    expect(operation.input).toEqual({ store: 'db', point: 'r/store-db', named: 'copy' });
    expect(aboutOf(operation)).toBe('database:copy');
  });
});

describe('pruning', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `r/p${index}`);

  it('removes each point once, some at a time, and says that none of them comes back', () => {
    const operations = pruneOperations(names(401), host, 2);
    expect(operations.map(({ id }) => id)).toEqual([3, 4, 5].map((number) => `backup/0${number}-prunePoints`));
    expect(operations.flatMap(({ input }) => (input as { points: string[] }).points)).toEqual(names(401));
    expect(operations.map(({ effects }) => effects.length)).toEqual([200, 200, 1]);
    expect(operations.flatMap(({ effects }) => effects.map(({ resource }) => resource))).toEqual(
      names(401).map((point) => `point:${point}`),
    );
    expect(operations[2]).toMatchObject({
      summary: 'remove 1 recovery point that nothing needs',
      effects: [{ change: 'remove' }],
      undo: { by: 'impossible', summary: 'a removed recovery point does not come back', cause: 'its data is deleted' },
    });
    expect(operations[0]?.summary).toBe('remove 200 recovery points that nothing needs');
    expect(aboutOf(operations[2]!)).toBe('r/p400');
    expect(aboutOf(operations[0]!)).toHaveLength(200);
    expect(aboutOf(pruneOperations(['a/b', 'c/d'], host)[0]!)).toBe('a/b, c/d');
  });

  it('takes 200 at once, and sweeps also where there is nothing to remove', () => {
    expect(pruneOperations(names(200), host)).toHaveLength(1);
    expect(pruneOperations([], host)).toMatchObject([{ input: { points: [] }, effects: [] }]);
  });
});

describe('what a task did, in a sentence', () => {
  const outcome = (more: Partial<BackupOutcome> = {}): BackupOutcome => ({
    ...{ operation: 'o', kind: 'backupStore', about: 'store:db', summary: '', seconds: 1 },
    ...more,
  });
  const moment = (point: string, from: string) => ({ point, resource: 'store:db', from, to: from });
  const failed = (message: string) => outcome({ error: { name: 'StepFailed', message } });

  it('counts what was done, and names the first failure', () => {
    const outcomes = [outcome(), failed('no room'), failed('later'), outcome({ skipped: true })];
    expect(describeTask({ task: 't', notes: [], outcomes })).toBe('1 of 4 done; 2 failed: no room');
    expect(describeTask({ task: 't', notes: [], outcomes: [outcome()] })).toBe('1 of 1 done');
  });

  it('tells how far apart the points of a set are, where there are several', () => {
    const two = pointSet([moment('a', '2026-01-01T00:00:00Z'), moment('b', '2026-01-01T00:00:01.55Z')])!;
    const one = pointSet([moment('a', '2026-01-01T00:00:00Z')])!;
    const outcomes = [outcome()];
    expect(describeTask({ task: 't', notes: [], outcomes, set: two })).toBe(
      '1 of 1 done; the 2 points of the set are up to 1.6 s apart',
    );
    expect(describeTask({ task: 't', notes: [], outcomes, set: one })).toBe('1 of 1 done');
  });

  it('says of other operations what they prove, and nothing of those that are about nothing', () => {
    expect(aboutOf(proofOperation(1, 'r/p', host))).toBe('r/p');
    const [volume, store] = createOperations([{ volume: 'v', quiesce: 'stop' }, { store: 's' }], false, host);
    expect([aboutOf(volume!), aboutOf(store!)]).toEqual(['volume:v', 'store:s']);
    const checks = taskOperation(
      1,
      'runChecks',
      { checks: [], withinSeconds: 1, everySeconds: 1, consecutive: 1 },
      host,
      { summary: '', effects: [], undo: { by: 'nothing', summary: '' } },
    );
    expect(aboutOf(checks)).toBe('');
  });
});
