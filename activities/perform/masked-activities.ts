import type { Activities } from '../../runbook/activities.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { maskedProse, maskError, maskingFor } from '../masking/index.ts';
// The command line masks too, and starts without the schemas of stores.
import { learnFromPlan, learnFromStack } from '../masking/learn-from-plan.ts';
import type { TargetAccess } from './target-access.ts';

/** What requests of activities have in common. */
interface Asked {
  target?: string;
  run?: { target: string; runId: string };
  plan?: CompiledPlan;
}

/** Runs that are not the newest may have had other env files, whose values a container can still hold. */
const runsLookedAt = 20;

/**
 * The one place through which everything goes that activities say: their answers and errors leave without secrets, for Temporal, the worker's
 * log and the terminal. The journal masks what is written to it in the same way.
 */
export function maskedActivities(access: TargetAccess, activities: Activities): Activities {
  const masked = Object.entries(activities).map(([name, activity]) => [
    name,
    (request: Asked) =>
      maskingFor(request.run?.target ?? request.target ?? '', async () => {
        try {
          await learn(request, access);
          return maskedProse(await (activity as (request: Asked) => Promise<unknown>)(request));
        } catch (error) {
          maskError(error);
          throw error;
        }
      }),
  ]);
  return Object.fromEntries(masked) as Activities;
}

const learned = new WeakMap<TargetAccess, Set<string>>();

async function learn({ target: named, run, plan }: Asked, access: TargetAccess): Promise<void> {
  if (plan) {
    await learnFromPlan(plan);
    await learnFromStack(plan);
  }
  const target = run?.target ?? named;
  if (target === undefined) return;
  const known = learned.get(access) ?? new Set();
  learned.set(access, known);
  try {
    const opened = await access.open(target);
    const { journal, content } = opened;
    const { runs, tasks } = journal.state;
    const ids = new Set([...[...tasks, ...runs].slice(-runsLookedAt).map(({ id }) => id), run?.runId]);
    for (const id of ids) {
      if (id === undefined) continue;
      const sealed = await opened.sealedRun(id).catch(() => undefined);
      if (!sealed) continue;
      if (id === run?.runId) await learnFromStack(sealed.plan);
      if (known.has(`${target}/${id}`)) continue;
      const { files } = sealed;
      await learnFromPlan(sealed.plan, async (path) => {
        const digest = files[path];
        return digest === undefined ? undefined : content.kept(digest);
      });
      known.add(`${target}/${id}`);
    }
  } catch {
    // A target that cannot be opened: the activity itself says so.
  }
}
