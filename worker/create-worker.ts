import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { setTimeout as pause } from 'node:timers/promises';
import type { Activities } from '../runbook/activities.ts';
import { SwitchbackError } from '../runbook/errors.ts';
import { hostTaskQueue } from '../runbook/names.ts';
import { ErrorInterceptor } from './error-interceptor.ts';

/** After a killed worker, its open workflows are given to another one after this long; the default of 10 s is all downtime. */
const stickyTimeout = '3s';

/** Operations at work at the same time on one host. A target runs one at a time, so this is about many targets. */
const concurrentActivities = 20;

/**
 * Open requests for tasks of a kind. The server hands tasks to a worker that is frozen as long as its requests are open, and each costs
 * a heartbeat timeout before the next worker gets it: with the default of 10, a successor waited for more than a minute.
 */
const polls = 2;

export interface WorkerParts {
  connection: NativeConnection;
  namespace: string;
  host: string;
  activities: Activities;
  workflows: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;
}

/** A worker for one host's queue, in the service and in tests alike. */
export function createWorker({ connection, namespace, host, activities, workflows }: WorkerParts): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: hostTaskQueue(host),
    activities,
    ...workflows,
    interceptors: { activity: [() => ({ inbound: new ErrorInterceptor() })] },
    stickyQueueScheduleToStartTimeout: stickyTimeout,
    // The default waits for 80 % of the heartbeat timeout: too long for live progress, and a cancel only arrives with a heartbeat.
    maxHeartbeatThrottleInterval: '1s',
    maxConcurrentActivityTaskExecutions: concurrentActivities,
    maxConcurrentActivityTaskPolls: polls,
    maxConcurrentWorkflowTaskPolls: polls,
    // Long enough for an operation to reach a state that its successor can go on from.
    shutdownGraceTime: '5s',
    shutdownForceTime: '30s',
  });
}

/**
 * Connects, patiently: a worker is often started together with its server.
 * @throws SwitchbackError `Unreachable` after `patienceMs`.
 */
export async function connect(address: string, patienceMs = 30_000): Promise<NativeConnection> {
  const until = Date.now() + patienceMs;
  for (let wait = 200; ; wait = Math.min(wait * 2, 3_000)) {
    try {
      return await NativeConnection.connect({ address });
    } catch (error) {
      if (Date.now() + wait > until) {
        throw new SwitchbackError(
          'Unreachable',
          `no Temporal server answers at ${address}`,
          { hint: 'Start one with `switchback up`, or set TEMPORAL_ADDRESS.' },
          { cause: error },
        );
      }
      await pause(wait);
    }
  }
}
