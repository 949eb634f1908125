import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Settings } from '../settings/settings.ts';
import { readUpRecord, writeUpRecord, type UpRecord } from '../settings/up-record.ts';
import { connected } from '../temporal/connection.ts';
import { isRunning, startOf } from './process-identity.ts';
import { answers, prepareServer, startServer, untilServerReady } from './server.ts';
import { stopProcess } from './start-process.ts';
import { startWorker, untilWorkerReady } from './worker.ts';

export interface UpRequest {
  settings: Settings;
  env: NodeJS.ProcessEnv;
  /** Directories whose stacks the worker serves: absolute. */
  stacks: string[];
  port?: number;
  uiPort?: number;
  signal: AbortSignal;
  tell: (line: string) => void;
}

/** How long a worker may take to put down what it holds: its activities hear of it and stop at a safe place. */
const workerGraceMs = 20_000;
const serverGraceMs = 10_000;

const supervisorLog = (home: string) => join(home, 'logs', 'up.log');

/** @throws SwitchbackError `Conflict` when another `up` looks after this home. */
export async function refuseSecondUp(home: string): Promise<void> {
  const record = await readUpRecord(home);
  if (record?.supervisor && record.supervisor.pid !== process.pid && (await isRunning(record.supervisor))) {
    throw new SwitchbackError(
      'Conflict',
      `another \`switchback up\` (pid ${record.supervisor.pid}) looks after ${home}`,
      {
        hint: 'End it with `switchback down`, or use another home by --home.',
        facts: { pid: record.supervisor.pid, address: record.address, ui: record.ui },
      },
    );
  }
}

/**
 * Brings a server and a worker up, adopting what an earlier `up` left running, and writes down what there is.
 * @throws SwitchbackError `PreconditionFailed`, `NotReady`, `Unreachable`, `Conflict`
 */
export async function bringUp(request: UpRequest): Promise<UpRecord> {
  const { settings, stacks, signal, tell } = request;
  const { home } = settings;
  await refuseSecondUp(home);
  const last = await readUpRecord(home);
  const supervisor = { pid: process.pid, started: (await startOf(process.pid)) ?? 'unknown', log: supervisorLog(home) };

  // A server that was named is somebody else's: used, never started.
  const named = settings.addressFrom === 'option' || settings.addressFrom === 'environment';
  let record: UpRecord = named
    ? { format: 1, address: settings.address, namespace: settings.namespace, ui: settings.ui, stacks, supervisor }
    : { ...(await serverUp(request, last)), stacks, supervisor };
  await writeUpRecord(home, record);
  const now: Settings = { ...settings, address: record.address, ui: record.ui };
  const { registered } = await connected(now, (temporal) => prepareServer(temporal, !named));
  if (registered.length > 0) tell(`search attributes registered: ${registered.join(', ')}`);

  record = { ...record, worker: await workerUp(request, now, last) };
  await writeUpRecord(home, record);
  signal.throwIfAborted();
  record = { ...record, readyAt: new Date().toISOString() };
  await writeUpRecord(home, record);
  return record;
}

async function serverUp(request: UpRequest, last: UpRecord | undefined): Promise<Omit<UpRecord, 'stacks'>> {
  const { settings, env, port, uiPort, signal, tell } = request;
  const { home, namespace } = settings;
  if (last?.server && (await isRunning(last.server))) {
    if (await answers({ ...settings, address: last.address })) {
      tell(`the Temporal server is there already: ${last.address} (pid ${last.server.pid})`);
      return { format: 1, address: last.address, namespace, ui: last.ui, server: last.server };
    }
    tell(`the Temporal server (pid ${last.server.pid}) does not answer: starting it anew`);
    await stopProcess(last.server, serverGraceMs);
  }
  const server = await startServer({
    home,
    env,
    ...(port !== undefined && { port }),
    ...(uiPort !== undefined && { uiPort }),
    ...(last && { last }),
  });
  const record: UpRecord = {
    format: 1,
    address: server.address,
    namespace,
    ui: server.ui,
    server: server.process,
    stacks: [],
  };
  // Written before it is ready: whatever happens now, the next `up` or `down` finds the process.
  await writeUpRecord(home, record);
  await untilServerReady(server, { ...settings, address: server.address }, signal);
  tell(`the Temporal server is ready: ${server.address} (pid ${server.process.pid})`);
  return record;
}

async function workerUp({ env, stacks, signal, tell, settings }: UpRequest, now: Settings, last: UpRecord | undefined) {
  const same = last?.worker && last.address === now.address && stacks.every((stack) => last.stacks.includes(stack));
  if (same && (await isRunning(last.worker))) {
    tell(`the worker is there already (pid ${last.worker!.pid})`);
    return last.worker!;
  }
  await stopProcess(last?.worker, workerGraceMs);
  const worker = await startWorker(env, now, stacks);
  const record = await readUpRecord(settings.home);
  if (record) await writeUpRecord(settings.home, { ...record, worker });
  await untilWorkerReady(worker, signal);
  tell(`the worker is ready (pid ${worker.pid}), serving ${stacks.join(', ')}`);
  return worker;
}

/** How often the processes are looked at: reading /proc twice costs nothing. */
const lookMs = 500;
/** A worker that keeps ending is started ever more slowly; one that ran for a minute starts afresh. */
const slowestMs = 30_000;

/** Looks after what was brought up until the signal comes: what ends unasked is started again. */
export async function keepUp(record: UpRecord, request: UpRequest): Promise<void> {
  const { settings, signal, tell } = request;
  let pause = lookMs;
  let startedAt = Date.now();
  while (!signal.aborted) {
    await wait(lookMs, undefined, { signal }).catch(() => undefined); // An abort ends the loop by its condition.
    if (signal.aborted) return;
    const gone = [record.server, record.worker].filter((process) => process !== undefined);
    const alive = await Promise.all(gone.map((process) => isRunning(process)));
    if (alive.every(Boolean)) continue;
    const which = record.server && !alive[0] ? 'Temporal server' : 'worker';
    pause = Date.now() - startedAt > 60_000 ? lookMs : Math.min(pause * 2, slowestMs);
    tell(`the ${which} ended unasked; starting it again in ${pause / 1000} s`);
    await wait(pause, undefined, { signal }).catch(() => undefined); // As above.
    if (signal.aborted) return;
    try {
      record = await bringUp(request);
    } catch (error) {
      if (!(error instanceof SwitchbackError)) throw error;
      tell(`it could not be started: ${error.message}`);
      record = (await readUpRecord(settings.home)) ?? record;
    }
    startedAt = Date.now();
  }
}

/** Ends what `up` started, the worker first. @returns what was ended */
export async function takeDown(home: string, tell: (line: string) => void): Promise<string[]> {
  const record = await readUpRecord(home);
  if (!record) return [];
  const ended: string[] = [];
  if (
    record.supervisor &&
    record.supervisor.pid !== process.pid &&
    (await stopProcess(record.supervisor, workerGraceMs + serverGraceMs + 5_000))
  ) {
    ended.push('up');
  }
  // The supervisor has ended both, unless it was killed before.
  for (const [name, process, grace] of [
    ['worker', record.worker, workerGraceMs],
    ['Temporal server', record.server, serverGraceMs],
  ] as const) {
    if (await stopProcess(process, grace)) {
      ended.push(name);
      tell(`the ${name} has ended`);
    }
  }
  const { address, namespace, ui, stacks } = record;
  // The addresses stay: the next `up` takes the same ports, so that links into the UI keep working.
  await writeUpRecord(home, { format: 1, address, namespace, ui, stacks });
  return ended;
}
