import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { PointPlace } from '../points/index.ts';
import type { Reach } from './secret-files.ts';

/** What is used of an operation's surroundings to reach a repository. */
export interface ReachContext {
  plan: Pick<CompiledPlan, 'repository'>;
  secret(template: string): Promise<string>;
}

/**
 * How the repository of a point is reached: as the plan says now, where it still names it; else as it was said when the point was taken.
 */
export function reachOf({ repository: then }: PointPlace, context: ReachContext): Reach {
  const now = context.plan.repository;
  const repository = now !== undefined && now.at === then.at ? now : then;
  return { repository, secret: (template) => context.secret(template) };
}
