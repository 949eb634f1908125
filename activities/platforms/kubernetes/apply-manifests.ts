import { SwitchbackError } from '../../../runbook/errors.ts';
import { manifestKinds, objectKey } from '../../../runbook/platforms/kubernetes.ts';
import type { ObjectBefore, OperationInputs, Undo } from '../../../runbook/operations.ts';
import type { EffectContext, EffectHandler, Performed } from '../../effect.ts';
import { appliedBy, noteApplied } from './applied-note.ts';
import {
  applyObjects,
  canonical,
  digestOf,
  keyOf,
  nameOf,
  objectsIn,
  pendingChanges,
  readLive,
  type KubernetesObject,
} from './objects.ts';
import { openCluster, requireIdentity, requireSameCluster, type OpenCluster } from './open-cluster.ts';
import { readiness, untilReady } from './until-ready.ts';

type Input = OperationInputs['applyManifests'];
type Context = EffectContext<'applyManifests'>;
/** `before`: digest of the list of objects as they were. */
type Facts = { identity: string; before: string; objects: number; added: number; changed: number };

/**
 * Applies manifests on the server's side and waits until everything is ready. What each object was is kept first, so that a way back puts
 * exactly that back. @throws SwitchbackError `PreconditionFailed` (the cluster refuses it, or is another one), `ValidationMismatch`
 * (somebody changed an object meanwhile), `StepFailed` (it does not become ready), `Unreachable`, `AccessDenied`
 */
export function applyManifestsHandler(): EffectHandler<'applyManifests', Facts> {
  return {
    async prepare(input, context) {
      const { signal } = context;
      const cluster = await openCluster(context, input.cluster);
      await requireSameCluster(context, cluster);
      const objects = await wanted(input, context, cluster);
      const live = await readLive(cluster.kubectl, objects.map(nameOf), { signal });
      // The cluster's own answer before anything is changed: immutable fields, quotas, admission.
      await applyObjects(cluster.kubectl, objects, { signal, dryRun: true });
      const pending = await pendingChanges(cluster.kubectl, objects, live, { signal });
      const before: ObjectBefore[] = [];
      for (const object of objects) before.push(await keepBefore(context, object, live.get(keyOf(object))));
      const added = before.filter(({ digest }) => digest === undefined).length;
      const facts: Facts = {
        identity: cluster.identity,
        before: await context.keep(Buffer.from(JSON.stringify(before))),
        ...{ objects: objects.length, added, changed: pending.length - added },
      };
      return { undo: undoOf(input, before, pending, facts), facts };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const { cluster, objects, before, live } = await look(input, context, prepared.facts);
      const pending = await pendingChanges(cluster.kubectl, objects, live, { signal: context.signal });
      if (pending.length === 0)
        return [...live.values()].every((object) => readiness(object).is === 'ready') ? 'done' : 'partial';
      return before.every((each) => isAs(each, live.get(objectKey(each)))) ? 'absent' : 'partial';
    },

    async untouched(input, context, prepared) {
      const { before, live } = await look(input, context, prepared.facts);
      return before.every((each) => isAs(each, live.get(objectKey(each))));
    },

    async perform(input, context, prepared) {
      const { cluster, objects, before, live } = await look(input, context, prepared.facts);
      const { signal } = context;
      await requireNoDrift(input, context, { cluster, objects, before, live });
      context.progress({ doing: `applying ${objects.length} objects to ${input.cluster}` });
      await context.fence();
      const applied = await applyObjects(cluster.kubectl, objects, { signal, dryRun: false, timeoutMs: 120_000 });
      await noteApplied(context, applied.values());
      await untilReady(context, cluster, objects.map(nameOf), input.timeoutSeconds);
      return performed(input, objects, prepared.facts);
    },

    adopt: async (input, context, prepared) => {
      const { objects, live } = await look(input, context, prepared.facts);
      if ((await appliedBy(context, `${context.runId}/${context.operation.id}`)) === undefined)
        await noteApplied(context, live.values());
      return performed(input, objects, prepared.facts);
    },
  };
}

async function wanted(input: Input, context: Context, { namespace }: OpenCluster): Promise<KubernetesObject[]> {
  const objects: KubernetesObject[] = [];
  for (const path of input.files)
    objects.push(...objectsIn(path, (await context.sealed(path)).toString('utf8'), namespace));
  return objects;
}

async function keepBefore(
  context: Context,
  object: KubernetesObject,
  live: KubernetesObject | undefined,
): Promise<ObjectBefore> {
  if (live === undefined) return nameOf(object);
  const digest = await context.keep(Buffer.from(canonical(live)));
  const ready = readiness(live).is === 'ready';
  return { ...nameOf(object), digest, ready, ...(live.metadata.uid === undefined ? {} : { uid: live.metadata.uid }) };
}

interface Look {
  cluster: OpenCluster;
  objects: KubernetesObject[];
  before: ObjectBefore[];
  live: Map<string, KubernetesObject>;
}

async function look(input: Input, context: Context, facts: Facts): Promise<Look> {
  const cluster = await openCluster(context, input.cluster);
  requireIdentity(cluster.name, cluster.identity, facts.identity);
  const objects = await wanted(input, context, cluster);
  const before = JSON.parse((await context.kept(facts.before)).toString('utf8')) as ObjectBefore[];
  const live = await readLive(cluster.kubectl, objects.map(nameOf), { signal: context.signal });
  return { cluster, objects, before, live };
}

/** Whether an object is what it was, and the same one. */
export const isAs = ({ digest, uid }: ObjectBefore, live: KubernetesObject | undefined): boolean =>
  live === undefined
    ? digest === undefined
    : digest !== undefined && live.metadata.uid === uid && digestOf(live) === digest;

/** An object must be what `prepare` has kept, or what an earlier attempt has made of it. */
async function requireNoDrift(input: Input, context: Context, { cluster, objects, before, live }: Look): Promise<void> {
  const known = await appliedBy(context, `${context.runId}/${context.operation.id}`);
  const unlike = before.filter((each) => {
    const object = live.get(objectKey(each));
    const note = known?.[objectKey(each)];
    const isApplied = object !== undefined && note?.uid === object.metadata.uid && note?.digest === digestOf(object);
    return !isApplied && !isAs(each, object);
  });
  if (unlike.length === 0) return;
  const keys = unlike.map(objectKey);
  // An attempt that was killed right after it had applied them could note nothing: then they are as the manifests say.
  const pending = await pendingChanges(
    cluster.kubectl,
    objects.filter((object) => keys.includes(keyOf(object))),
    live,
    { signal: context.signal },
  );
  if (pending.length === 0) return;
  throw new SwitchbackError(
    'ValidationMismatch',
    `somebody changed ${pending.slice(0, 5).join(', ')} in ${input.cluster} after the step had looked at it`,
    { hint: 'Find out who needs the change; a rollback of the phase, and a new run, start from what is there then.' },
  );
}

function undoOf(input: Input, before: ObjectBefore[], pending: readonly string[], { identity }: Facts): Undo {
  if (pending.length === 0)
    return { by: 'nothing', summary: `all objects of ${input.cluster} were as the manifests say already` };
  const { cluster, timeoutSeconds } = input;
  const count = (what: ObjectBefore[], word: string) => (what.length === 0 ? [] : [`${word} ${what.length}`]);
  const added = before.filter(({ digest }) => digest === undefined);
  const stay = added.filter(({ kind }) => manifestKinds[kind]?.onTheWayBack === 'keep');
  const parts = [
    ...count(
      before.filter(({ digest }) => digest !== undefined),
      'put back',
    ),
    ...count(
      added.filter((each) => !stay.includes(each)),
      'delete',
    ),
    ...count(stay, 'keep'),
  ];
  return {
    by: 'operation',
    kind: 'restoreManifests',
    summary:
      `bring objects of ${cluster} back as before ${input.files.join(', ')}`.slice(0, 140) + `: ${parts.join(', ')}`,
    lossy: false,
    input: { cluster, identity, objects: before, timeoutSeconds },
    effects: before.slice(0, 40).map((each) => ({
      resource: `object:${cluster}/${objectKey(each)}`,
      change: each.digest === undefined ? 'remove' : 'replace',
    })),
  };
}

function performed(input: Input, objects: readonly KubernetesObject[], facts: Facts): Performed {
  const { added, changed } = facts;
  const so = objects.length - added - changed;
  return {
    summary: `${objects.length} objects of ${input.cluster} are as the manifests say, and ready: ${added} added, ${changed} changed, ${so} were so already`,
    facts,
    effect: { cluster: input.cluster, objects: objects.map((object) => `${keyOf(object)} ${digestOf(object)}`).sort() },
  };
}
