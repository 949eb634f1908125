import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { SwitchbackError } from '../runbook/errors.ts';
import { toApplicationFailure } from '../activities/perform/in-activity.ts';

/** The one place where adapters' errors become Temporal failures. */
export class ErrorInterceptor implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      throw error instanceof SwitchbackError ? toApplicationFailure(error) : error;
    }
  }
}
