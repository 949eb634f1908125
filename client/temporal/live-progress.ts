import { defaultPayloadConverter } from '@temporalio/client';
import type { Progress } from '../../activities/effect.ts';
import type { TemporalConnection } from './connection.ts';
import { millisecondsOf } from './timestamp.ts';

/** What one activity under way has said in its last heartbeat. */
export interface LiveActivity {
  activity: string;
  attempt: number;
  /** Milliseconds since the epoch, by the server's clock. */
  heartbeatAt?: number;
  progress?: Progress;
  lastFailure?: string;
}

function progressOf(details: unknown): Progress | undefined {
  const progress = (details as { progress?: Partial<Progress> } | null | undefined)?.progress;
  return typeof progress?.doing === 'string' ? (progress as Progress) : undefined;
}

/** Activities that a workflow has under way, with what their heartbeats say. Heartbeats lag: a hint, never a fact. */
export async function liveActivities(temporal: TemporalConnection, workflowId: string): Promise<LiveActivity[]> {
  const { client, connection, settings } = temporal;
  const described = await temporal.within(settings.timeoutMs, () =>
    connection.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId },
    }),
  );
  return (described.pendingActivities ?? []).map((pending) => {
    const payload = pending.heartbeatDetails?.payloads?.[0];
    const progress = payload ? progressOf(defaultPayloadConverter.fromPayload(payload)) : undefined;
    const heartbeatAt = millisecondsOf(pending.lastHeartbeatTime);
    const lastFailure = pending.lastFailure?.message;
    return {
      activity: pending.activityType?.name ?? 'activity',
      attempt: pending.attempt ?? 1,
      ...(heartbeatAt !== undefined && { heartbeatAt }),
      ...(progress && { progress }),
      ...(lastFailure && { lastFailure }),
    };
  });
}
