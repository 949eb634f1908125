import { readWorld, type WorldContainer } from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import type { CheckpointDependencies } from './load-checkpoint.ts';

const resource = 'containers';

type Journalled = Pick<EffectContext, 'identityOf' | 'bindIdentity'>;

const short = (id: string) => id.slice(0, 12);

/**
 * Containers of the project that runs of ours made: those that the journal names, and those that were not there when this operation
 * was prepared (an earlier attempt may have made them and been killed before it could write them down).
 * @param before short ids of the containers that were there, or undefined to go by the journal alone
 */
export async function ownContainers(
  context: Pick<Journalled, 'identityOf'>,
  containers: readonly WorldContainer[],
  before: readonly string[] | undefined,
): Promise<Set<string>> {
  const noted = new Set(((await context.identityOf(resource)) ?? '').split(','));
  return new Set(
    containers
      .filter(({ id }) => noted.has(short(id)) || (before !== undefined && !before.includes(short(id))))
      .map(({ id }) => id),
  );
}

/** Writes down which containers are ours; those that are gone are forgotten. */
export async function noteOwnContainers(
  context: Journalled,
  containers: readonly WorldContainer[],
  before: readonly string[],
): Promise<void> {
  const own = await ownContainers(context, containers, before);
  const value = [...own].map(short).sort().join(',');
  if (value !== ((await context.identityOf(resource)) ?? '')) await context.bindIdentity(resource, value);
}

/** Whether the containers of the project are the very ones that were there before, none made and none removed. @param before short ids */
export async function areSame(
  { engine }: CheckpointDependencies,
  { plan, signal }: Pick<EffectContext, 'plan' | 'signal'>,
  before: readonly string[],
): Promise<boolean> {
  const now = (await readWorld(engine, plan.stack.project, { signal })).own.map(({ id }) => short(id));
  return now.length === before.length && now.every((id) => before.includes(id));
}
