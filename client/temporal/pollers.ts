import { setTimeout as wait } from 'node:timers/promises';
import { GuidedError } from '../command-line/failure.ts';
import type { TemporalConnection } from './connection.ts';
import { millisecondsOf } from './timestamp.ts';

/** A long poll lasts a minute; a worker that has not asked for longer than this is gone, though the server still lists it. */
const freshMs = 75_000;

/** A worker that has just said that it is ready reaches the server a moment later; on a busy machine that takes seconds. */
const arrivalMs = 4_000;

/** `TASK_QUEUE_TYPE_WORKFLOW`: our workers poll for both kinds of task, or for none. */
const workflowTasks = 1;

export interface Poller {
  identity: string;
  lastSeen: Date;
}

/** Workers that have asked for tasks of a queue lately. */
export async function pollersOf(temporal: TemporalConnection, taskQueue: string): Promise<Poller[]> {
  const { settings, connection } = temporal;
  const response = await temporal.within(settings.timeoutMs, () =>
    connection.workflowService.describeTaskQueue({
      namespace: settings.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: workflowTasks,
    }),
  );
  return (response.pollers ?? [])
    .map((poller) => ({
      identity: poller.identity ?? 'unknown',
      lastSeen: new Date(millisecondsOf(poller.lastAccessTime) ?? 0),
    }))
    .filter((poller) => Date.now() - poller.lastSeen.getTime() < freshMs);
}

/** @throws GuidedError `Unreachable` when nobody would do the work: a request would only wait for its deadline. */
export async function requirePoller(temporal: TemporalConnection, taskQueue: string): Promise<void> {
  const deadline = Date.now() + arrivalMs;
  while ((await pollersOf(temporal, taskQueue)).length === 0) {
    if (Date.now() > deadline) throw nobodyPolls(temporal, taskQueue);
    await wait(250);
  }
}

const nobodyPolls = (temporal: TemporalConnection, taskQueue: string) =>
  new GuidedError('Unreachable', `no worker polls the queue ${taskQueue} on ${temporal.settings.address}`, {
    hint: 'Nothing is lost: what is asked of a run waits, but nobody would do it now.',
    next: [
      { type: 'switchback up', why: 'a server and a worker on this machine' },
      { type: 'switchback worker', why: 'only a worker, on the host that the plan names' },
    ],
  });
