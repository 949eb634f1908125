import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconcile } from '../../activities/control/reconcile.ts';
import type { ControlDependencies } from '../../activities/control/index.ts';
import { DockerEngine } from '../../activities/docker/index.ts';
import { TargetAccess } from '../../activities/perform/target-access.ts';
import { incomingPrefix, scratchPrefix } from '../../activities/stores/postgres/object-names.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { asUser } from '../../activities/volumes/index.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import { labels } from '../../runbook/names.ts';
import type { Json } from '../../runbook/json.ts';
import type { OperationKind } from '../../runbook/operations.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from '../real/own-names.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';
import { PostgresServer } from './postgres-server.ts';

const engine = new DockerEngine();
const target = ownName('left');
const known = new Map<string, string>();
/** The same name for the same word. */
const named = (word: string) => known.get(word) ?? (known.set(word, ownName(word)), known.get(word)!);
const home = mkdtempSync(join(tmpdir(), 'switchback-reconcile-'));
let server: PostgresServer;
let database: string;
let dependencies: ControlDependencies;
let access: TargetAccess;

const surroundings = { signal: new AbortController().signal, progress: () => undefined, log: () => undefined };
const look = (more: Partial<Parameters<typeof reconcile>[0]> = {}) =>
  reconcile({ target, atWork: false, tidy: false, ...more }, dependencies, surroundings);

const kinds: OperationKind[] = ['backupVolume', 'proveBackup', 'restoreStore'];
const compiled = () => {
  const plan = outlinedPlan(target, home, [
    {
      id: 'one',
      operations: kinds.map((kind) => ({
        stage: 'backup' as const,
        kind,
        input: kind === 'restoreStore' ? { store: 'orders', point: 'p' } : { volume: 'v', point: 'p' },
      })),
    },
  ]);
  return { ...plan, stores: { orders: { kind: 'postgres' as const, url: '${env:ORDERS_URL}' } } };
};
const operations = () => compiled().phases[0]!.stages.flatMap((stage) => stage.operations);
const operationOf = (kind: OperationKind) => operations().find((operation) => operation.kind === kind)!;

async function write(entries: JournalEntry[]): Promise<void> {
  const { journal } = await access.open(target);
  await journal.append({ run: 'r1', epoch: 1, entries });
}

beforeAll(async () => {
  await sweepDead(engine);
  server = await PostgresServer.start();
  database = await server.database();
  const environment = { SWITCHBACK_HOME: home };
  access = new TargetAccess(environment);
  dependencies = {
    access,
    stacks: [home],
    guard: () => Promise.resolve(),
    secrets: { environment: { ORDERS_URL: server.url(database) }, allowed: ['*'] },
    check: (checks) =>
      Promise.resolve(checks.map(({ kind }) => ({ check: kind, verdict: 'failed' as const, detail: 'no', tookMs: 0 }))),
    world: { engine, stores: storeDrivers(engine) },
    inActivity: (work) => work(surroundings),
  };
  const { content } = await access.open(target);
  const sealed = { format: 1, runId: 'r1', plan: compiled(), files: {} };
  const manifest = await content.keep(Buffer.from(JSON.stringify(sealed)));
  const holder = { workflowId: 'w', workflowRunId: 'x' };
  await write([
    { type: 'lease-taken', holder },
    { type: 'run-sealed', plan: 'p', planDigest: 'd', manifest, phases: ['one'], operator: 'ada' },
    { type: 'run-state', state: 'running' },
  ]);
});
afterAll(async () => {
  await sweepOwn(engine);
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

/** A container that sleeps, with these labels. */
async function container(name: string, own: Record<string, string>): Promise<string> {
  const made = await engine.call('create', {}, (docker) =>
    docker.createContainer({
      name: named(name),
      Image: 'debian:bookworm-slim',
      Cmd: ['sleep', '600'],
      Labels: { ...ownLabels, ...own },
      HostConfig: { Init: true },
    }),
  );
  await engine.startContainer(made.id);
  return made.id;
}

describe('reconcile', () => {
  it('[T4] finds what a dead worker left, leaves it be while a run is at work, and puts it right once', async () => {
    const mine = { [labels.target]: target, [labels.run]: 'r1', [labels.operation]: 'one/backup/01-backupVolume' };
    await container('helper', { ...mine, [labels.role]: 'helper' });
    await container('bystander', { [labels.target]: `${target}-other` });
    const service = await container('service', { 'com.docker.compose.project': target });
    for (const role of ['scratch', 'kept']) {
      const Labels = { ...ownLabels, ...mine, [labels.role]: role };
      await engine.call('volume', {}, (docker) => docker.createVolume({ Name: named(role), Labels }));
    }
    const [info] = (await engine.listAll()).filter(({ Id }) => Id === service);
    const users = [asUser(info!, true)] as unknown as Json;
    await engine.stopContainer(service, { graceSeconds: 1 });
    const left = spawn('sleep', ['600'], { env: { ...process.env, SWITCHBACK_OPERATION: `${target}/r1/x` } });
    const died = once(left, 'exit');
    await write(
      kinds.map((kind) => {
        const { undo } = operationOf(kind);
        const facts = kind === 'backupVolume' ? { users } : {};
        return { type: 'intent', operation: operationOf(kind), attempt: 1, undo, facts };
      }),
    );
    const owner = (kind: OperationKind) => ({ target, run: 'r1', operation: operationOf(kind).id });
    const databases = [
      `${scratchPrefix(owner('proveBackup'))}1`,
      `${incomingPrefix(database, owner('restoreStore'))}2`,
    ];
    for (const name of databases) await server.run('postgres', `create database "${name}"`);
    await server.run('postgres', `alter database "${database}" allow_connections false`);
    const { home: folders } = await access.open(target);
    mkdirSync(join(folders.points, 'r1', 'one.partial', 'deep.partial'), { recursive: true });
    writeFileSync(join(folders.scratch, 'half'), '');

    expect((await look({ atWork: true })).leftovers).toEqual([]);
    const found = await look();
    expect(found).toMatchObject({ run: 'r1', state: 'running', open: true, consistent: true, silent: [] });
    const expected = [
      `container ${named('service')}`,
      `process ${left.pid}`,
      ...databases.map((name) => `database ${name} of store orders`),
      `database ${database} of store orders`,
      `container ${named('helper')}`,
      `volume ${named('scratch')}`,
      'file points/r1/one.partial',
      'file scratch/half',
    ];
    const of = (state: string, { leftovers }: typeof found) =>
      leftovers
        .filter((leftover) => leftover.state === state)
        .map(({ what }) => what)
        .sort();
    expect(of('left', found)).toEqual([...expected].sort());
    expect(of('yours', found)).toEqual([`volume ${named('kept')}`]);

    const tidied = await look({ tidy: true });
    expect(of('tidied', tidied)).toEqual([...expected].sort());
    await died;
    expect((await engine.inspectContainer(service))?.State.Running).toBe(true);
    expect(await server.value(database, 'select 1')).toBe(1);
    expect(await engine.inspectContainer(named('bystander'))).toBeDefined();

    const again = await look({ tidy: true });
    expect(again.leftovers.map(({ what, state }) => [what, state])).toEqual([[`volume ${named('kept')}`, 'yours']]);
  }, 120_000);

  it('takes no word without its proof, closes a run once, and shuts out who still works for it', async () => {
    const decision = { by: 'ada', reason: 'gone', proof: [], key: 'k1', decide: 'close' as const };
    const closed = await look({ decision });
    expect(closed).toMatchObject({ state: 'aborted', open: false, consistent: true });
    await look({ decision });
    const { journal } = await access.open(target);
    expect((await journal.refresh()).epoch).toBe(2);
    await expect(look({ decision: { ...decision, key: 'k2' } })).rejects.toThrow('nothing to close');

    const accept = {
      ...decision,
      decide: 'accept' as const,
      proof: [{ kind: 'services' as const, count: 1, healthy: true }],
    };
    await expect(look({ decision: { ...accept, key: 'k3' } })).rejects.toThrow('consistent');
    await write([
      {
        type: 'skipped',
        operation: { ...operationOf('backupVolume'), id: 'u', undoes: [`r1/${operationOf('proveBackup').id}`] },
        by: 'ada',
        reason: 'r',
      },
    ]);
    expect(await look()).toMatchObject({ consistent: false, leftOut: [{ operation: operationOf('proveBackup').id }] });
    await expect(look({ decision: { ...accept, key: 'k4' } })).rejects.toThrow('not proven');
    dependencies.check = () => Promise.resolve([{ check: 's', verdict: 'successful', detail: 'yes', tookMs: 0 }]);
    expect(await look({ decision: { ...accept, key: 'k4' } })).toMatchObject({ consistent: true, leftOut: [] });
  }, 60_000);
});
