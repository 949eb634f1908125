import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { storeDrivers, withStore } from '../../activities/stores/registry.ts';
import { storeUse } from '../../activities/stores/store.ts';
import { restoreState } from '../../activities/stores/sqlite/restore.ts';
import { openDatabase, runScript } from '../../activities/stores/sqlite/run-script.ts';
import { swapScript } from '../../activities/stores/sqlite/scripts.ts';
import { ensureToolImage } from '../../activities/stores/sqlite/tool-image.ts';
import { TestTarget } from '../real/effect-context.ts';
import { inVolume, newVolume, stopSqlite } from '../stores/sqlite-fixture.ts';

const engine = new DockerEngine();
const stores = storeDrivers(engine);
beforeAll(() => ensureToolImage(engine, { log: () => undefined }), 300_000);
afterAll(stopSqlite);

it('[M4] the exchange of two database files leaves a whole one under the live name wherever it is killed', async () => {
  const volume = await newVolume();
  const run = (sql: string, file = 'app.db') => inVolume(volume, file, sql);
  const ref = { kind: 'sqlite', volume, file: 'app.db' } as const;
  const target = await TestTarget.make({ project: 'sqlite-killed', stores: { store: ref } });
  const context = target.context('restoreStore', { store: 'store', point: 'a' }, { id: 'k/01' });
  try {
    await run(`pragma journal_mode = wal; create table things (id integer primary key); insert into things values (1), (2), (3);
      vacuum into '/data/app.db.next'; insert into things values (4)`);
    const database = await openDatabase(engine, storeUse(context, 'store', ref));
    const look = await withStore(stores, context, 'store', [], (store) => store.identity());
    const plan = { before: look, incoming: '.next', kept: '.kept', open: true };
    const args = [look.split('#')[1]!, '.next', '.kept', ''];
    const seen: string[] = [];
    for (let at = 1; seen.at(-1) !== 'new 3'; at += 1) {
      expect(at).toBeLessThan(30);
      const fault = `at=0; trap 'at=$((at + 1)); if [ "$at" -ge ${at} ]; then kill -9 -1; fi' DEBUG\n# All of the log`;
      const script = swapScript.replace('# All of the log', fault);
      await expect(runScript(database, { script, args, changes: 'swap' })).rejects.toThrow('exited');
      const state = await restoreState(database, plan);
      seen.push(
        `${state} ${await run('pragma integrity_check; select count(*) from things').then((text) => text.replace('ok\n', ''))}`,
      );
    }
    expect([...new Set(seen)]).toEqual(['old 4', 'new 3']);
    expect(seen.length).toBeGreaterThan(6);
    const told = await withStore(stores, context, 'store', ['restore'], (store) => store.restore.describe(plan));
    expect(told.loss).toMatchObject({ lostRows: 1, measured: 'exact' });
    expect(await run('select count(*) from things', 'app.db.kept')).toBe('4');
  } finally {
    await target.remove();
  }
}, 240_000);
