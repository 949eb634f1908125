import { ApplicationFailure } from '@temporalio/common';
import { Context, log } from '@temporalio/activity';
import type { SwitchbackError } from '../../runbook/errors.ts';
import { errorTable } from '../../runbook/errors.ts';
import type { Progress } from '../effect.ts';
import { masked, maskedProse } from '../masking/index.ts';
import type { Surroundings } from './effect-context.ts';

/** How often progress is sent, in milliseconds: on a timer, since work that stands still is alive too. */
const heartbeatEvery = 1_000;

/** The first beat, for work that is not over by then: most operations are, and a beat is a call to the server. */
const firstBeatAfter = 250;

/** Runs work inside an activity: heartbeats with the newest progress soon and on a timer until the work is over. */
export async function withHeartbeat<T>(work: (surroundings: Surroundings) => Promise<T>): Promise<T> {
  const context = Context.current();
  let progress: Progress | undefined;
  const beat = () => context.heartbeat(progress === undefined ? {} : { progress });
  const first = setTimeout(beat, firstBeatAfter);
  const timer = setInterval(beat, heartbeatEvery);
  try {
    return await work({
      signal: context.cancellationSignal,
      progress: (newest) => {
        progress = maskedProse(newest);
      },
      log: (message) => {
        log.info(masked(message));
      },
    });
  } finally {
    clearTimeout(first);
    clearInterval(timer);
  }
}

/** Translates an error of the table to the failure that workflows see, with its hint and facts. */
export function toApplicationFailure(error: SwitchbackError): ApplicationFailure {
  return ApplicationFailure.create({
    type: error.name,
    message: error.message,
    nonRetryable: !errorTable[error.name].retried,
    details: [{ ...(error.hint === undefined ? {} : { hint: error.hint }), facts: error.facts }],
    cause: error,
  });
}
