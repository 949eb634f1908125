import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Runtime } from '@temporalio/worker';
import { execa } from 'execa';
import { BackupPlace } from './backup-fixture.ts';

// A worker that dies is noticed by its heartbeat, after ten seconds: each of these costs that much.

let place: BackupPlace;
beforeAll(async () => {
  place = await BackupPlace.make();
}, 120_000);
afterAll(async () => {
  await place.remove();
  await Runtime.instance().shutdown();
}, 120_000);

const pausedServices = async () =>
  (
    await execa('docker', [
      'ps',
      '-q',
      '--filter',
      `label=com.docker.compose.project=${place.project}`,
      '--filter',
      'status=paused',
    ])
  ).stdout;

describe('kill -9 of the worker', () => {
  it('in the middle of a backup: another worker goes on, and nothing stays frozen or half', async () => {
    await place.inService('head -c 40M /dev/urandom >/data/big');
    const doomed = await place.work();
    const created = place.json('backup', 'create', '--volume', place.volume);
    // While it archives, which is while the service is frozen.
    await place.until(async () => (await pausedServices()) !== '');
    await place.kill(doomed);
    expect(await place.journal().then(({ state }) => state.tasks.at(-1)?.state)).toBe('running');
    await place.work();
    expect(await created).toMatchObject({ code: 0, outcomes: [{ kind: 'backupVolume' }, { kind: 'proveBackup' }] });
    expect(await pausedServices()).toBe('');
    const points = await place.list();
    expect(points.map(({ state }) => state)).toEqual(['restore-tested']);
    expect(await place.json('reconcile', '--dry-run')).toMatchObject({ leftovers: [] });
    await place.inService('rm /data/big');
  });

  it('in the middle of a prune: no point is half, and the same prune ends it', async () => {
    const old = (await place.json('backup', 'create', '--volume', place.volume, '--no-test'))['outcomes'][0].facts
      .point;
    await place.json('backup', 'create', '--volume', place.volume, '--no-test');
    // So many files that deleting them takes a while.
    const many = join(place.points, old, 'many');
    await mkdir(many);
    for (let from = 0; from < 12_000; from += 1_000)
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => writeFile(join(many, `${from + n}`), '')));
    await place.killWorkers();
    const doomed = await place.work();
    const pruned = place.json('backup', 'prune', '--keep-last', '1');
    const away = join(place.points, `${old}.expired`);
    await place.until(
      () =>
        stat(away).then(
          () => true,
          () => false,
        ),
      1,
    );
    await place.kill(doomed);
    expect((await readdir(join(away, 'many'))).length).toBeGreaterThan(0);

    // Between the two it is no point any more, and reconcile may clear it away.
    const points = await place.list();
    expect(points.find(({ point }) => point === old)).toMatchObject({ state: 'expired' });
    await place.work();
    expect(await pruned).toMatchObject({ code: 0 });
    expect(await readdir(join(place.points, old.split('/')[0])).catch(() => [])).toEqual([]);
  });

  it('after a restore has exchanged, before anybody heard: it is adopted, not made twice', async () => {
    await place.killWorkers();
    await place.write('newer');
    const doomed = await place.work('after-effect:kill:restoreVolume');
    const restored = place.json('backup', 'restore', `volume-${place.volume}`, '--yes');
    await place.until(async () => doomed.signalCode !== null);
    await place.work();
    expect(await restored).toMatchObject({ code: 0, outcomes: [{ kind: 'restoreVolume' }] });
    expect(await place.read()).toBe('old');
    const { stdout } = await execa('docker', [
      'volume',
      'ls',
      '-q',
      '--filter',
      `label=io.switchback.target=${place.project}`,
    ]);
    expect(stdout.split('\n')).toHaveLength(1);
    await place.removeVolumes(stdout);
  });

  it('and the loss of the workflow as well: the next one takes over, and reconcile ends what nobody works on', async () => {
    await place.killWorkers();
    const doomed = await place.work('before-effect:kill:backupStore');
    const lost = place.type(['backup', 'create', '--store', 'orders']);
    await place.until(async () => doomed.signalCode !== null);
    await place.temporal.client.workflow.getHandle(`backup/${place.project}`).terminate('lost');
    expect((await lost).code).not.toBe(0);
    await place.work();
    expect((await place.journal()).state.tasks.at(-1)?.state).toBe('running');
    expect((await place.json('start')).code).toBe(5);
    expect((await place.json('reconcile')).code).toBe(0);
    expect((await place.journal()).state.tasks.at(-1)?.state).toBe('aborted');
    expect(await place.json('backup', 'create', '--store', 'orders')).toMatchObject({ code: 0 });
  });
});
