import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Runtime } from '@temporalio/worker';
import { execa } from 'execa';

import { walFolder } from '../../../activities/wal/index.ts';
import { targetHome } from '../../../journal/index.ts';
import { labels } from '../../../runbook/names.ts';
import { engine } from '../compose/stack-fixture.ts';
import { prepareServers } from '../postgres-physical/server-fixture.ts';
import { BackupPlace } from './backup-fixture.ts';

const password = `s3ntinel-${randomBytes(9).toString('hex')}`;
let place: BackupPlace;
beforeAll(async () => {
  await prepareServers();
  place = await BackupPlace.make({ server: password });
  await place.work();
  await place.ask('create table written (id text)');
}, 600_000);
afterAll(async () => {
  const mine = { [labels.target]: place.project };
  for (const { Id } of await engine.listByLabel(mine)) await engine.removeContainer(Id, mine);
  await place.remove();
  for (const { Name } of await engine.listVolumes(mine)) await execa('docker', ['volume', 'rm', Name]);
  await Runtime.instance().shutdown();
}, 120_000);

const write = (id: string) => place.ask(`insert into written values ('${id}')`);
const now = () => place.ask(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
const create = () => place.json('backup', 'create', '--store', 'shop', '--physical', '--point-in-time', '--no-test');
const newest = async () => (await place.json('backup', 'list'))['points'][0];
const receivers = async () =>
  (await engine.listByLabel({ [labels.target]: place.project })).map(({ Labels }) => Labels[labels.role]);

describe('point in time, as it is typed', () => {
  it('[K10][M4][L7] follows a server through a new container, restores a moment, and goes with its point', async () => {
    const created = await create();
    expect(created).toMatchObject({ code: 0, do: 'create' });
    await write('1-before');
    await execa('docker', ['compose', '-p', place.project, 'up', '-d', '--wait', '--force-recreate', 'db'], {
      cwd: place.stack,
    });
    await write('2-new-container');
    const moment = await now();
    await write('3-mistake');
    // The worker sees to it.
    await place.until(async () => (await newest()).wal.to > moment, 500);
    expect((await newest()).wal.state).toBe('following');
    expect((await place.type(['backup', 'list'])).out).toMatch(/any moment until[^]*ago/);
    const shown = await place.type(['backup', 'show', 'store-shop']);
    expect(shown.out).toMatch(/any moment from 2\S+Z to 2\S+Z, and on/);

    const restoring = (at: string) => place.type(['backup', 'restore', 'store-shop', '--at', at, '--yes']);
    expect(await restoring('2026-03-01 14:03')).toMatchObject({ code: 2, error: expect.stringContaining('its zone') });
    expect(await place.type(['backup', 'restore', 'store-shop', '--into', 'beside', '--yes'])).toMatchObject({
      code: 2,
      error: expect.stringContaining('in its own place only'),
    });
    const early = await restoring('2020-03-01T14:03:09Z');
    expect(early).toMatchObject({ code: 4, error: expect.stringContaining('but to any moment from 2') });
    const done = await restoring(moment);
    expect(done.error).toContain('following the log');
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining(`as of ${moment}`) });
    expect(await place.ask('select id from written order by id')).toBe('1-before\n2-new-container');
    expect((await newest()).wal).toMatchObject({ state: 'ended', why: expect.stringContaining('put other data') });
    expect(await receivers()).toEqual([]);

    expect(await create()).toMatchObject({ code: 0 });
    expect(await receivers()).toEqual(['log-receiver']);
    expect((await place.json('reconcile'))['leftovers']).toEqual([
      expect.objectContaining({ state: 'yours', what: expect.stringContaining('volume') }),
    ]);
    const pruned = await place.json('backup', 'prune', '--keep-last', '1');
    expect(pruned).toMatchObject({ code: 0 });
    const home = targetHome(place.project, { SWITCHBACK_HOME: place.home });
    expect(existsSync(walFolder(home, { run: created['task'], point: 'store-shop' }))).toBe(false);
    expect((await newest()).wal).toMatchObject({ state: 'following', from: expect.any(String) });
    expect(place.said).not.toContain(password);
  }, 300_000);
});
