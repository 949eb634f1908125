import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Settings } from '../settings/settings.ts';
import { readUpRecord, writeUpRecord, type UpRecord } from '../settings/up-record.ts';
import { connected } from '../temporal/connection.ts';
import { isRunning, startOf } from './process-identity.ts';
import { answers, prepareServer, startServer, untilServerReady, type RunningServer } from './server.ts';
import { stopProcess } from './start-process.ts';
import { hostOf, startWorker, untilWorkerReady } from './worker.ts';

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
  const { settings, env, stacks, signal, tell } = request;
  const { home } = settings;
  await refuseSecondUp(home);
  const last = await readUpRecord(home);
  const write = async (record: UpRecord): Promise<UpRecord> => {
    await writeUpRecord(home, record);
    return record;
  };
  // Whatever is running is written down before anything is waited for: the next `up` or `down` has to find it.
  let record: UpRecord = {
    ...{ format: 1, address: settings.address, namespace: settings.namespace, ui: settings.ui, ...last },
    ...{ stacks, host: hostOf(env) },
    supervisor: { pid: process.pid, started: (await startOf(process.pid)) ?? 'unknown', log: supervisorLog(home) },
  };
  delete record.readyAt;

  const ours = !isNamed(settings) || (settings.address === last?.address && (await isRunning(last.server)));
  if (ours) {
    const server = await serverUp(request, last);
    record = await write({ ...record, address: server.address, ui: server.ui, server: server.process });
    await untilServerReady(server, { ...settings, address: server.address }, signal);
    tell(`the Temporal server is ready: ${server.address} (pid ${server.process.pid})`);
  } else {
    if (!(await answers(settings))) throw namedIsAway(settings);
    const { server: _ours, ...others } = record;
    record = await write({ ...others, address: settings.address, namespace: settings.namespace, ui: settings.ui });
  }
  const now: Settings = { ...settings, address: record.address, ui: record.ui };
  const { registered } = await connected(now, (temporal) => prepareServer(temporal, ours));
  if (registered.length > 0) tell(`search attributes registered: ${registered.join(', ')}`);

  if (last?.worker && servesAll(last, record) && (await isRunning(last.worker))) {
    record.stacks = last.stacks;
    tell(`the worker is there already (pid ${last.worker.pid})`);
  } else {
    await stopProcess(last?.worker, workerGraceMs);
    const worker = await startWorker(env, now, stacks);
    record = await write({ ...record, worker });
    await untilWorkerReady(worker, signal);
    tell(`the worker is ready (pid ${worker.pid}), serving ${stacks.join(', ')}`);
  }
  return write({ ...record, readyAt: new Date().toISOString() });
}

/** A server that was named is somebody else's: used, never started. */
export const isNamed = ({ addressFrom }: Settings) => addressFrom === 'option' || addressFrom === 'environment';

const namedIsAway = ({ address, addressFrom }: Settings) =>
  new SwitchbackError('Unreachable', `the Temporal server ${address} does not answer, or has no such namespace`, {
    hint:
      addressFrom === 'environment'
        ? 'TEMPORAL_ADDRESS names it, so `up` does not start one of its own: unset it, or start that server.'
        : 'It was named by --address, so `up` does not start one of its own: leave that out, or start that server.',
  });

/** Whether a worker that was started for the one record does for the other. */
const servesAll = (last: UpRecord, wanted: UpRecord) =>
  last.address === wanted.address &&
  last.host === wanted.host &&
  wanted.stacks.every((stack) => last.stacks.includes(stack));

async function serverUp(
  { settings, env, port, uiPort, tell }: UpRequest,
  last: UpRecord | undefined,
): Promise<RunningServer> {
  if (last?.server && (await isRunning(last.server))) {
    const there = { process: { logStart: 0, ...last.server }, address: last.address, ui: last.ui };
    if (await answers({ ...settings, address: last.address })) return there;
    tell(`the Temporal server (pid ${last.server.pid}) does not answer: starting it anew`);
    await stopProcess(last.server, serverGraceMs);
  }
  return startServer({
    home: settings.home,
    namespace: settings.namespace,
    env,
    ...(port !== undefined && { port }),
    ...(uiPort !== undefined && { uiPort }),
    ...(last && { last }),
  });
}

/** How often the processes are looked at: reading /proc twice costs nothing. */
const lookMs = 500;
/** A worker that keeps ending is started ever more slowly; one that ran for a minute starts afresh. */
const slowestMs = 5_000;

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
  const parts = [
    ['worker', record.worker, workerGraceMs],
    ['Temporal server', record.server, serverGraceMs],
  ] as const;
  const running = await Promise.all(parts.map(([, process]) => isRunning(process)));
  // It ends both by itself, unless it is us, or was killed before.
  const supervisor = record.supervisor?.pid === process.pid ? undefined : record.supervisor;
  await stopProcess(supervisor, workerGraceMs + serverGraceMs + 5_000);
  for (const [name, process, grace] of parts) {
    if (await stopProcess(process, grace)) tell(`the ${name} has ended`);
  }
  const ended = parts.flatMap(([name], index) => (running[index] ? [name] : []));
  const { address, namespace, ui, stacks } = record;
  // The addresses stay: the next `up` takes the same ports, so that links into the UI keep working.
  await writeUpRecord(home, { format: 1, address, namespace, ui, stacks });
  return ended;
}
