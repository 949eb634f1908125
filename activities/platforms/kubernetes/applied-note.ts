import type { EffectContext } from '../../effect.ts';
import { digestOf, keyOf, type KubernetesObject } from './objects.ts';

/** What a step has left: by key, the id of each object and the digest of what it was then. */
export type AppliedNote = Record<string, { uid: string; digest: string }>;

const resourceOf = (operation: string) => `manifests:${operation}`;

/** Writes down what the objects are right after the application, before anybody waits: a way back tells later changes of others by it. */
export async function noteApplied(context: EffectContext, applied: Iterable<KubernetesObject>): Promise<void> {
  const note: AppliedNote = Object.fromEntries(
    [...applied].map((object) => [keyOf(object), { uid: object.metadata.uid ?? '', digest: digestOf(object) }]),
  );
  const digest = await context.keep(Buffer.from(JSON.stringify(note)));
  await context.bindIdentity(resourceOf(`${context.runId}/${context.operation.id}`), digest);
}

/** @param operation `RUN/OPERATION`. Undefined where it was killed before it could note anything. */
export async function appliedBy(context: EffectContext, operation: string): Promise<AppliedNote | undefined> {
  const digest = await context.identityOf(resourceOf(operation));
  if (digest === undefined) return undefined;
  return JSON.parse((await context.kept(digest)).toString('utf8')) as AppliedNote;
}
