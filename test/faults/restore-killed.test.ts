import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { restoreVolumeHandler } from '../../activities/effects/restore-volume.ts';
import { ownName, sweepDead, sweepOwn } from '../real/own-names.ts';
import { attemptInChild, type Told } from '../real/volumes/attempt-killed.ts';
import { around, HelperKiller, hold } from '../real/volumes/helper-killer.ts';
import { attempt, type OperationSetting } from '../real/volumes/operation-fixture.ts';
import { engine, inVolumes, isRunning, newVolume, startUser, sweepRuns } from '../real/volumes/volume-fixture.ts';
import type { Running } from '../real/volumes/volume-fixture.ts';

const minutes = 60_000;
let root: string;
let setting: OperationSetting;
let volume: string;
let user: Running;
let older: string;
let newer: string;
let count = 0;
const found = { old: 0, new: 0 };

beforeAll(async () => {
  await sweepDead(engine);
  await sweepRuns(engine);
  root = await mkdtemp(join(tmpdir(), 'sbt-killed-'));
  setting = { root, target: 'test', runId: ownName('run'), operationId: 'p/backup/01', project: ownName('project') };
  volume = await newVolume();
  await inVolumes([volume], 'mkdir /v/0/d; cd /v/0/d; for n in {1..30}; do head -c 300000 /dev/urandom >$n; done');
  older = await fingerprint(volume);
  await attemptInChild('backupVolume', { volume, point: 'a', quiesce: 'none' }, setting);
  await inVolumes([volume], 'cd /v/0; rm d/{10..30}; echo newer >d/1; echo more >more; chmod 0700 d');
  newer = await fingerprint(volume);
  user = await startUser(volume, setting.project, 'exec sleep 6000');
}, 2 * minutes);
afterAll(async () => {
  process.stdout.write(
    `a restore killed at ${found.old + found.new} points: ${found.old} left the content of before, ${found.new} that of the point\n`,
  );
  await engine.removeContainer(user.id, { 'com.docker.compose.project': setting.project });
  await sweepRuns(engine, setting.runId);
  await sweepOwn(engine);
  await rm(root, { recursive: true, force: true });
}, minutes);

/** Names, kinds, modes, owners, lengths, times and content, by tools that the product does not use for it. */
const fingerprint = (name: string) =>
  inVolumes(
    [name],
    `cd /v/0; { find . -printf '%p %y %m %U:%G %T@ %n %l\\n' | LC_ALL=C sort
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum; } | md5sum`,
  );

const input = () => ({ volume, point: 'a' });
const next = (): OperationSetting => ({ ...setting, operationId: `rollback-${(count += 1)}/01` });

/** The next attempt. A daemon that gives no answer on a busy disk is asked again, as a worker does. */
async function resume(request: object, operation: OperationSetting): Promise<Told> {
  for (let attempts = 1; ; attempts += 1) {
    const told = await attemptInChild('restoreVolume', request, operation);
    if (told?.error?.name !== 'Unreachable' || attempts === 3) return told!;
  }
}

/** What the volume holds after a death must be whole; the next attempt must finish; then all is put back as it was before. */
async function settle(operation: OperationSetting): Promise<'old' | 'new'> {
  const after = await fingerprint(volume);
  expect([newer, older]).toContain(after);
  const content = after === newer ? 'old' : 'new';
  found[content] += 1;
  const told = await resume(input(), operation);
  expect(told.error).toBeUndefined();
  const kept = String(told.performed!.facts['kept']);
  expect([await fingerprint(volume), await fingerprint(kept), await isRunning(user)]).toEqual([older, newer, true]);
  const back = await resume({ ...input(), putBack: kept }, next());
  expect([back.error, await fingerprint(volume)]).toEqual([undefined, newer]);
  await engine.call('remove', {}, (docker) => docker.getVolume(kept).remove());
  return content;
}

describe('[M4] a restore leaves the content of before or that of the point, and the next attempt finishes it, when', () => {
  it(
    'its worker is killed beside each of its effects',
    async () => {
      const whole = next();
      const told = await attemptInChild('restoreVolume', input(), whole);
      expect(await settle(whole)).toBe('new');
      found.new -= 1;
      const effects = told!.effects.length;
      expect(effects).toBeGreaterThan(7);
      for (let at = 1; at <= effects; at += 1) {
        for (const side of ['before', 'after'] as const) {
          const operation = next();
          expect(await attemptInChild('restoreVolume', input(), operation, { at, side })).toBeUndefined();
          await settle(operation);
        }
      }
      expect(found.old + found.new).toBe(2 * effects);
    },
    20 * minutes,
  );

  const stream = 'relay /tmp/stream /progress/bytes "$3" | ';
  const cut = (bytes: number): [string, 'extract', (script: string) => string, 'old'] => [
    `in its extraction after ${bytes} bytes`,
    'extract',
    (script) => around(script, stream, '', `{ head -c ${bytes}; ${hold}; } | `),
    'old',
  ];
  it.each<[string, 'extract' | 'exchange', (script: string) => string, 'old' | 'new']>([
    ['before its extraction', 'extract', (script) => around(script, 'mkfifo /tmp/stream', `${hold}\n`), 'old'],
    cut(1000),
    cut(1_000_000),
    cut(3_000_000),
    cut(5_000_000),
    cut(7_000_000),
    cut(9_000_000),
    ['before what it extracted is on disk', 'extract', (script) => around(script, "back='", `${hold}\n`), 'old'],
    ['after it has read back', 'extract', (script) => around(script, 'wait "$flush"', `${hold}\n`), 'old'],
    ['right before the exchange', 'exchange', (script) => around(script, 'exec perl', `${hold}\n`), 'old'],
    ['right after the exchange', 'exchange', (script) => around(script, 'system("sync"', 'kill 19, $$; '), 'new'],
    [
      'after the exchange is on disk',
      'exchange',
      (script) => around(script, 'print "exchanged', 'kill 19, $$; '),
      'new',
    ],
  ])(
    'its helper is killed %s',
    async (_where, role, rewrite, left) => {
      const operation = next();
      const killed = restoreVolumeHandler({ engine: new HelperKiller(role, rewrite) });
      await expect(attempt(killed, 'restoreVolume', input(), operation)).rejects.toThrow(`${role} exited 137`);
      expect(await settle(operation)).toBe(left);
    },
    5 * minutes,
  );

  it('all of that, at 20 points and more', () => {
    expect(found.old + found.new).toBeGreaterThanOrEqual(20);
    expect(found.new).toBeGreaterThan(2);
  });
});
