import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Runtime } from '@temporalio/worker';
import { execa } from 'execa';
import { labels } from '../../../runbook/names.ts';
import { newAgeKeys, type AgeKeys } from '../age-keys.ts';
import { engine, image } from '../compose/stack-fixture.ts';
import { checkoutId, ownLabels, ownName } from '../own-names.ts';
import { BackupPlace } from './backup-fixture.ts';
import { SecretWatch } from './secret-watch.ts';

// Others on this machine have secrets of their own: these are nobody else's.
const password = `s3ntinel:p@ss/${randomBytes(9).toString('base64url')}`;
const control = `c0ntrol-${randomBytes(12).toString('base64url')}`;
let keys: AgeKeys;
let secrets: string;
let place: BackupPlace;
let watch: SecretWatch;

beforeAll(async () => {
  keys = await newAgeKeys(engine);
  secrets = await mkdtemp(join(tmpdir(), `sbt-secrets-${checkoutId}-`));
  const file = (name: string) => join(secrets, name);
  await writeFile(file('age.key'), keys.identity, { mode: 0o600 });
  place = await BackupPlace.make({
    secretFolder: secrets,
    storeUrl: `\${file:${file('url')}}`,
    repository: `repository: { kind: folder, encrypt: { to: [${keys.recipient}], identity: '\${file:${file('age.key')}}' } }\n`,
  });
  await place.postgres.run('postgres', `create role keeper superuser login password '${password}'`);
  const url = `postgres://keeper:${encodeURIComponent(password)}@127.0.0.1:${place.postgres.port}/${place.database}`;
  await writeFile(file('url'), url, { mode: 0o600 });
  watch = new SecretWatch(engine, `${labels.target}=${place.project}`, [password, keys.identity, control]);
  watch.start();
  await place.work();
}, 120_000);
afterAll(async () => {
  await watch.stop();
  await place.remove();
  await rm(secrets, { recursive: true, force: true });
  await Runtime.instance().shutdown();
}, 120_000);

/** Whatever Temporal keeps of a workflow, as the server hands it out. */
function* partsOf(value: unknown): Generator<Buffer> {
  if (typeof value === 'string') yield Buffer.from(value);
  else if (value instanceof Uint8Array) yield Buffer.from(value);
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) yield* partsOf(inner);
}

async function searchHistories(): Promise<number> {
  const { workflow } = place.temporal.client;
  let found = 0;
  for await (const { workflowId, runId } of workflow.list()) {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory();
    for (const part of partsOf(history)) watch.searchBytes(`history of ${workflowId}`, part);
    found += 1;
  }
  return found;
}

describe('a backup, its proof and its restore', () => {
  it('[M4][L7] show no secret in processes, containers, logs, files, journal or Temporal', async () => {
    const typed = [await place.type(['backup', 'create'])];
    typed.push(await place.type(['backup', 'restore', 'store-orders', '--yes']));
    const into = `${place.project}_into`;
    typed.push(await place.type(['backup', 'restore', `volume-${place.volume}`, '--into', into, '--yes']));
    typed.push(await place.type(['backup', 'show', 'store-orders']));
    expect(typed.at(-1)?.out).toContain(`encrypted   to ${keys.recipient}`);
    expect(typed.flatMap(({ code, error }) => (code === 0 ? [] : [error]))).toEqual([]);
    await place.removeVolumes(into);

    // That the watch looks where it says: the same things, with a secret in them, are seen.
    const leaking = ['-e', 'setTimeout(() => {}, 600000)'];
    const inArgv = spawn(process.execPath, [...leaking, control], { stdio: 'ignore' });
    const inEnvironment = spawn(process.execPath, leaking, { env: { LEAK: control }, stdio: 'ignore' });
    const container = ownName('leak');
    const own = { ...ownLabels, [labels.target]: place.project };
    const named = Object.entries(own).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
    const leak = ['--detach', '--network', 'none', '--name', container, ...named, '--env', `LEAK=${control}`];
    await execa('docker', ['run', ...leak, image, 'bash', '-c', 'env; exec sleep 600']);
    await place.until(async () => (await execa('docker', ['logs', container])).stdout.includes(control));
    // A log is searched once it has come to its end.
    await execa('docker', ['rm', '--force', container]);
    const leaks = () => [...(watch.seen.get(control) ?? [])];
    const places = ['argv of node', 'environment of node', `inspection of /${container}`, 'log of '];
    const unseen = () => places.filter((where) => !leaks().some((found) => found.startsWith(where)));
    await place.until(async () => unseen().length === 0);
    inArgv.kill();
    inEnvironment.kill();
    await watch.stop();

    for (const { out, error } of typed) watch.search('what was typed', out + error);
    watch.search('log of the worker', place.said);
    expect(await searchHistories()).toBeGreaterThanOrEqual(3);
    expect(await watch.searchFolder(place.home)).toBeGreaterThan(5);
    for (const name of ['temporal.db', 'temporal.db-wal']) {
      watch.searchBytes(name, await readFile(join(place.folder, name)).catch(() => Buffer.alloc(0)));
    }
    expect(Object.fromEntries(watch.seen)).toEqual({ [control]: expect.anything() });

    // And that there was something to look at.
    const roles = ['archive', 'extract', 'encrypt', 'decrypt'];
    expect(roles.filter((role) => ![...watch.containers].some((name) => name.includes(role)))).toEqual([]);
    expect([...watch.programs]).toEqual(expect.arrayContaining(['pg_dump', 'pg_restore', 'age']));
    expect((await readFile(join(place.folder, 'temporal.db'))).includes(place.project)).toBe(true);
  }, 300_000);

  it('[M4] would be seen in a file, packed or not, in a URL and in base64', async () => {
    const looking = new SecretWatch(engine, '', [password]);
    const { deflateSync, gzipSync } = await import('node:zlib');
    const text = `{"a":"${password}"}`;
    const written = [
      Buffer.from(text),
      Buffer.from(encodeURIComponent(text)),
      ...['', 'x', 'xy'].map((before) => Buffer.from(Buffer.from(before + text).toString('base64'))),
      deflateSync(text),
      gzipSync(text),
    ];
    written.forEach((bytes, index) => looking.searchBytes(`case ${index}`, bytes));
    expect(new Set([...looking.seen.get(password)!].map((where) => where.split(',')[0])).size).toBe(written.length);
  });
});
