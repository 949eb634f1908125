import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Runtime } from '@temporalio/worker';
import type { Verified } from '../../../client/backup/verify.ts';
import { BackupPlace } from './backup-fixture.ts';

let place: BackupPlace;
beforeAll(async () => {
  place = await BackupPlace.make();
  await place.work();
}, 120_000);
afterAll(async () => {
  await place.remove();
  await Runtime.instance().shutdown();
}, 120_000);

/** A new point of the volume. */
async function volumePoint(): Promise<string> {
  const created = await place.json('backup', 'create', '--volume', place.volume, '--no-test');
  return created['outcomes'][0].facts.point;
}

describe('backup, as it is typed', () => {
  it('[K10][M1][L1] takes all volumes and stores of the plan, tests them, and says how far apart they are', async () => {
    const created = await place.json('backup', 'create');
    expect(created).toMatchObject({ code: 0, do: 'create', notes: [] });
    expect(created['outcomes'].map(({ kind }: { kind: string }) => kind)).toEqual([
      'backupStore',
      'backupVolume',
      'proveBackup',
      'proveBackup',
    ]);
    expect(created['set'].points).toHaveLength(2);
    expect(created['set'].skewSeconds).toBeGreaterThan(0);
    const { state } = await place.journal();
    expect(state.runs).toEqual([]);
    expect(state.tasks).toMatchObject([{ task: 'create', state: 'completed' }]);
    expect(state.holder).toBeUndefined();

    const listed = await place.json('backup', 'list', '--address', '127.0.0.1:9');
    expect(listed['points']).toHaveLength(2);
    for (const point of listed['points']) {
      expect(point).toMatchObject({
        state: 'restore-tested',
        pinned: false,
        proof: { expired: false, tookMs: expect.any(Number) },
        bytes: expect.any(Number),
        identity: expect.any(String),
        run: created['task'],
      });
    }
    const shown = await place.type(['backup', 'show', `volume-${place.volume}`]);
    expect(shown.out).toMatch(/the 2 points of the set are up to [\d.]+ s apart/);
    expect(shown.out).toContain('pause');
  });

  it('[M4] restores a volume: refused unconfirmed, in its place with what was replaced kept, and under another name', async () => {
    await place.write('new');
    const point = `volume-${place.volume}`;
    const unasked = await place.type(['backup', 'restore', point]);
    expect(unasked).toMatchObject({ code: 2, error: expect.stringContaining('--yes') });
    expect(unasked.error).toContain('is lost from it');
    expect(unasked.error).toContain('it was taken together with store:orders');
    expect((await place.type(['backup', 'restore', point], { answers: ['something'] })).code).toBe(2);
    expect(await place.read()).toBe('new');

    const nowhere = await place.type(['backup', 'restore', point, '--into', '../beside', '--yes']);
    expect(nowhere).toMatchObject({ code: 3, out: expect.stringContaining('../beside is no name for a volume') });
    const beside = await place.json('backup', 'restore', point, '--into', `${place.volume}_beside`, '--yes');
    expect(beside).toMatchObject({
      code: 0,
      outcomes: [{ kind: 'restoreVolume', about: `volume:${place.volume}_beside` }],
    });
    expect(await place.inVolume(`${place.volume}_beside`, 'cat /v/state')).toBe('old');
    expect(await place.read()).toBe('new');

    const restored = await place.type(['backup', 'restore', point], { answers: [place.volume] });
    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining('what it held is kept as') });
    expect(await place.read()).toBe('old');
    const kept = /is kept as (\S+)/.exec(restored.out)![1]!;
    expect(await place.inVolume(kept, 'cat /v/state')).toBe('new');
    await place.removeVolumes(kept, `${place.volume}_beside`);
  });

  it('[L7] restores one database from a named backup, and says what was lost', async () => {
    await place.postgres.run(place.database, `insert into things select n, 'later' from generate_series(1001, 1010) n`);
    const restored = await place.json('backup', 'restore', 'store-orders', '--yes');
    expect(restored).toMatchObject({ code: 0, outcomes: [{ kind: 'restoreStore', facts: { lostRows: 10 } }] });
    expect(Number(await place.postgres.value(place.database, 'select count(*) from things'))).toBe(1000);
  });

  it('[L7] restores a database beside the live one, and into a store that only the plan of now has', async () => {
    await place.postgres.run(place.database, `insert into things select n, 'later' from generate_series(1001, 1010) n`);
    const rows = async (database: string) =>
      Number(await place.postgres.value(database, 'select count(*) from things'));
    expect(await place.json('backup', 'restore', 'store-orders', '--into', 'beside', '--yes')).toMatchObject({
      code: 0,
      outcomes: [{ kind: 'restoreStore', about: 'database:beside', facts: { named: 'beside' } }],
    });
    expect([await rows('beside'), await rows(place.database)]).toEqual([1000, 1010]);
    const taken = await place.type(['backup', 'restore', 'store-orders', '--into', 'beside'], { answers: ['beside'] });
    expect(taken).toMatchObject({ code: 5, out: expect.stringContaining('database beside exists already') });

    const unknown = await place.type(['backup', 'restore', 'store-orders', '--into-store', 'moved', '--yes']);
    expect(unknown).toMatchObject({ code: 3, out: expect.stringContaining('the plan has no store moved') });
    await place.withStore('moved', 'MOVED_URL', async () => {
      await place.postgres.run('moved', 'create table things (id int primary key); insert into things values (1), (2)');
      const moved = await place.json('backup', 'restore', 'store-orders', '--into-store', 'moved', '--yes');
      expect(moved).toMatchObject({
        code: 0,
        outcomes: [{ about: 'store:moved', facts: { from: 'orders', lostRows: 2 } }],
      });
      expect([await rows('moved'), await rows(place.database)]).toEqual([1000, 1010]);
    });
    for (const argv of [
      ['store-orders', '--into', 'a', '--into-store', 'b'],
      [`volume-${place.volume}`, '--into-store', 'orders'],
    ])
      expect([2, 3, 4, 8]).toContain((await place.type(['backup', 'restore', ...argv, '--yes'])).code);
    await place.postgres.run(place.database, 'delete from things where id > 1000');
  });

  it('tests points again, and names those that are not there', async () => {
    const tested = await place.json('backup', 'test', '--all');
    expect(tested['outcomes']).toHaveLength(2);
    expect(tested).toMatchObject({ code: 0, outcomes: [{ kind: 'proveBackup' }, { kind: 'proveBackup' }] });
    expect((await place.json('backup', 'test', 'nonsense')).code).toBe(2);
    expect((await place.json('backup', 'show', 'nonsense')).code).toBe(2);
  });
});

describe('a point that is not what it was', () => {
  it('is found out by verify, and reported for what it is', async () => {
    const both = async (): Promise<string[]> => {
      const created = await place.json('backup', 'create', '--store', 'orders', '--volume', place.volume, '--no-test');
      return created['outcomes'].map(({ facts }: { facts: { point: string } }) => facts.point);
    };
    const [flipped = '', cut = ''] = await both();
    const [edited = '', older = ''] = await both();
    const [lacking = '', swapped = ''] = await both();
    const gone = await volumePoint();
    const at = (point: string, file: string) => join(place.points, point, file);
    const part = async (point: string): Promise<string> =>
      at(point, JSON.parse(await readFile(at(point, 'manifest.json'), 'utf8')).parts[0].file);

    const bytes = await readFile(await part(flipped));
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    await writeFile(await part(flipped), bytes);
    await truncate(await part(cut), 1000);
    const manifest = await readFile(at(edited, 'manifest.json'), 'utf8');
    await writeFile(at(edited, 'manifest.json'), manifest.replace(/"bytes": \d+/, '"bytes": 7'));
    await rm(await part(lacking));
    // An older backup under the name of a newer one, with a manifest that was made to fit: only the journal knows better.
    const { encodeManifest, decodeManifest, sealOf } = await import('../../../activities/points/manifest.ts');
    const old = decodeManifest(await readFile(at(older, 'manifest.json'), 'utf8'), 'old');
    await rm(join(place.points, swapped), { recursive: true });
    await cp(join(place.points, older), join(place.points, swapped), { recursive: true });
    const [run, point] = swapped.split('/') as [string, string];
    const forged = { ...old, run, point, operation: old.operation };
    await writeFile(at(swapped, 'manifest.json'), encodeManifest({ ...forged, seal: sealOf(forged) }));
    await rm(join(place.points, gone), { recursive: true });

    const verified = await place.json('backup', 'verify', '--all');
    expect(verified.code).toBe(9);
    const told = new Map<string, string>(
      verified['verified'].map((one: Verified) => [one.point, one.good ? 'good' : one.why]),
    );
    expect(told.get(flipped)).toMatch(/^has other content in .* than was written$/);
    expect(told.get(cut)).toMatch(/^has 1000 bytes in .*, not \d+$/);
    expect(told.get(edited)).toContain('does not match its own checksum');
    expect(told.get(lacking)).toMatch(/^has lost /);
    expect(told.get(older)).toBe('good');
    expect(told.get(swapped)).toContain('another backup was put in its place');
    expect(told.get(gone)).toContain('it is not there');

    const states = new Map<string, string>((await place.list()).map((one) => [one.point, one.state]));
    expect([flipped, cut, edited, lacking, older, swapped, gone].map((one) => states.get(one))).toEqual([
      'failed',
      'failed',
      'damaged',
      'failed',
      'verified',
      'swapped',
      'gone',
    ]);
    // None of them is restored from, whoever asks.
    for (const damaged of [flipped, cut, edited, lacking, swapped, gone]) {
      const restored = await place.json('backup', 'restore', damaged, '--into', `${place.volume}_never`, '--yes');
      expect([4, 9]).toContain(restored.code);
    }
    for (const one of [edited, swapped]) await rm(join(place.points, one.split('/')[0]!), { recursive: true });
  });
});

describe('prune', () => {
  it('says what would go and why the rest stays, spares what is pinned or proven, and removes the rest', async () => {
    const [first, second] = [await volumePoint(), await volumePoint()];
    expect(await place.json('backup', 'pin', first, '--reason', 'before the holidays')).toMatchObject({ code: 0 });
    expect((await place.json('backup', 'prune')).code).toBe(2);
    const dry = await place.json('backup', 'prune', '--keep-last', '1', '--dry-run');
    const verdict = (id: string) => dry['verdicts'].find((one: { id: string }) => one.id === id);
    expect(verdict(first)).toMatchObject({ keep: true, why: 'it is pinned' });
    expect(verdict(second)).toMatchObject({ keep: true, why: 'the newest good one of its resource' });
    const proven = dry['verdicts'].filter(({ why }: { why: string }) => why.includes('restored as a test'));
    expect(proven).toHaveLength(2);

    const pruned = await place.json('backup', 'prune', '--keep-last', '1');
    expect(pruned).toMatchObject({ code: 0, outcomes: [{ kind: 'prunePoints' }] });
    const left = (await place.list()).filter(({ state }) => state !== 'gone');
    expect(left.map(({ point }) => point).sort()).toEqual(
      dry['verdicts'].flatMap(({ id, keep }: { id: string; keep: boolean }) => (keep ? [id] : [])).sort(),
    );
    await place.json('backup', 'unpin', first);
    expect((await place.json('backup', 'prune', '--keep-last', '1', '--dry-run'))['verdicts']).toContainEqual(
      expect.objectContaining({ id: first, keep: false }),
    );
  });

  it('waits for nobody who reads points: it is refused, and says who that is', async () => {
    const { usePoints } = await import('../../../activities/points/index.ts');
    const root = join(place.points, '..');
    const refused = await usePoints({ root }, 'a restore in the test', () =>
      place.json('backup', 'prune', '--keep-last', '1'),
    );
    expect(refused).toMatchObject({
      code: 5,
      error: { name: 'Conflict', message: expect.stringContaining('a restore in the test') },
    });
    // Whoever died reads nothing any more, also when its pid is another process by now.
    await writeFile(join(root, 'points.users', '1-dead'), JSON.stringify({ pid: 1, started: '12345', doing: 'dead' }));
    expect((await place.json('backup', 'prune', '--keep-last', '1')).code).toBe(0);
  });
});

describe('under the lease of the target', () => {
  it('is refused beside a run and beside itself, and a run beside it', async () => {
    await place.inService('head -c 80M /dev/urandom >/data/big');
    const slow = place.json('backup', 'create', '--no-test');
    await place.until(async () => (await place.journal()).state.tasks.at(-1)?.state === 'running');
    const again = await place.json('backup', 'create');
    expect(again).toMatchObject({ code: 5, error: { name: 'Conflict' } });
    const run = await place.json('start');
    expect(run).toMatchObject({
      code: 5,
      error: { message: expect.stringContaining('is at work on the recovery points') },
    });
    expect((await slow).code).toBe(0);
    await place.inService('rm /data/big');

    expect((await place.json('start')).code).toBe(0);
    await place.until(async () => (await place.json('status'))['status']?.state === 'awaiting-approval');
    const beside = await place.json('backup', 'create');
    expect(beside).toMatchObject({
      code: 5,
      error: { name: 'Conflict', message: expect.stringContaining('has not ended') },
    });
    // Looking needs no lease.
    expect((await place.json('backup', 'verify', `volume-${place.volume}`)).code).toBe(0);
    await place.json('approve', '--role', 'lead');
    await place.until(async () => (await place.json('status'))['status']?.state === 'completed');
    // What a rollback would restore from stays, however old.
    const dry = await place.json('backup', 'prune', '--keep-last', '1', '--dry-run');
    expect(dry['verdicts']).toContainEqual(
      expect.objectContaining({ keep: true, why: 'taking back phase one may need it' }),
    );
    expect((await place.journal()).state.runs).toHaveLength(1);
  });
});

describe('on a schedule', () => {
  it('takes new points and tests all retained ones, until it is removed', async () => {
    const placed = await place.json('backup', 'schedule', '--every', '1h', '--keep-last', '2');
    expect(placed).toMatchObject({ code: 0, everySeconds: 3600 });
    const { schedule } = place.temporal.client;
    await schedule.getHandle(placed['schedule']).trigger();
    const tasks = async () => (await place.journal()).state.tasks;
    const before = (await tasks()).length;
    await place.until(async () => (await tasks()).length > before && (await tasks()).at(-1)?.state !== 'running');
    expect((await tasks()).at(-1)).toMatchObject({ task: 'create', state: 'completed' });
    const points = await place.list();
    expect(points.filter(({ state }) => state === 'sealed')).toEqual([]);
    expect((await place.json('backup', 'schedule', '--remove')).code).toBe(0);
    expect((await place.json('backup', 'schedule', '--remove')).code).toBe(4);
  });
});
