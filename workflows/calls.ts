import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type {
  Activities,
  BackupActivities,
  ControlActivities,
  RehearsalActivities,
  RunRef,
} from '../runbook/activities.ts';
import { neverRetried } from '../runbook/errors.ts';
import { hostTaskQueue } from '../runbook/names.ts';
import type { Operation, Receipt } from '../runbook/operations.ts';

/** Attempts of an operation before it parks: with the waits below about half a minute of retrying. A killed worker costs one. */
const attempts = 6;

/** A worker that was killed is noticed after this long; it beats every second, so a busy one is not taken for dead. */
const heartbeatTimeout = '10s';

/** Calls the activity that performs an operation, on the operation's host. */
export function performOperation(run: RunRef, operation: Operation): Promise<Receipt> {
  const activities = proxyActivities<Activities>({
    taskQueue: hostTaskQueue(operation.host),
    summary: operation.summary,
    startToCloseTimeout: operation.timeoutSeconds * 1000,
    // A host without a worker is something to tell a person, not to wait for in silence.
    scheduleToStartTimeout: '10m',
    heartbeatTimeout,
    // The default lets clean-up start while the activity still acts.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: attempts,
      initialInterval: '500ms',
      backoffCoefficient: 2,
      maximumInterval: '10s',
      nonRetryableErrorTypes: neverRetried,
    },
  });
  return activities[operation.kind]({ run, operation });
}

/** Control activities that may take a while or need a heartbeat, each with a line in the history. */
export function control(
  summary: string,
): Pick<
  ControlActivities,
  'openRun' | 'planRollback' | 'proveByHand' | 'reportRollback' | 'reconcile' | 'verify' | 'lookAhead'
> &
  BackupActivities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: '10m',
    scheduleToStartTimeout: '10m',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: attempts,
      initialInterval: '500ms',
      maximumInterval: '10s',
      nonRetryableErrorTypes: neverRetried,
    },
  });
}

/** What a rehearsal does beside its operations. A clone of large databases takes hours; a stuck one is noticed by its heartbeat. */
export function rehearsing(summary: string): RehearsalActivities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: '12h',
    scheduleToStartTimeout: '10m',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: attempts,
      initialInterval: '500ms',
      maximumInterval: '10s',
      nonRetryableErrorTypes: neverRetried,
    },
  });
}

/** Journal appends: a few milliseconds each, on the home host, idempotent by key. */
export const { record, closeRun } = proxyLocalActivities<Pick<ControlActivities, 'record' | 'closeRun'>>({
  startToCloseTimeout: '30s',
  retry: {
    initialInterval: '200ms',
    maximumInterval: '5s',
    maximumAttempts: attempts,
    nonRetryableErrorTypes: neverRetried,
  },
});

/** Read from the journal; a disk that is slow or full for a while must not end a run. */
export const { askWayOn } = proxyLocalActivities<Pick<ControlActivities, 'askWayOn'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', maximumInterval: '10s', nonRetryableErrorTypes: neverRetried },
});
