import { SwitchbackError } from '../../../runbook/errors.ts';
import {
  differingPaths,
  manifestKinds,
  objectKey,
  withoutServerFields,
} from '../../../runbook/platforms/kubernetes.ts';
import type { ObjectBefore, OperationInputs } from '../../../runbook/operations.ts';
import type { EffectContext, EffectHandler } from '../../effect.ts';
import { appliedBy, type AppliedNote } from './applied-note.ts';
import { isAs } from './apply-manifests.ts';
import { answered } from './kubectl.ts';
import { digestOf, isOurs, readLive, type KubernetesObject } from './objects.ts';
import { openCluster, requireIdentity, type OpenCluster } from './open-cluster.ts';
import { untilReady } from './until-ready.ts';

type Input = OperationInputs['restoreManifests'];
type Context = EffectContext<'restoreManifests'>;

/**
 * Puts the objects of a step back exactly as they were, removes those that it had added, waits until what was ready is ready again, and
 * compares. @throws SwitchbackError `ValidationMismatch` (somebody changed an object since, or it is not as it was afterwards),
 * `PreconditionFailed` (another cluster, or a field that cannot be changed back), `StepFailed`, `Unreachable`, `AccessDenied`
 */
export function restoreManifestsHandler(): EffectHandler<'restoreManifests'> {
  return {
    async prepare(input, context) {
      const { live } = await look(input, context);
      await requireNoDrift(input, context, live);
      return { undo: { by: 'nothing', summary: 'an undo is not undone by itself' }, facts: {} };
    },

    async observe(input, context) {
      const { live } = await look(input, context);
      return input.objects.every((each) => isBack(each, live.get(objectKey(each)))) ? 'done' : 'partial';
    },

    async perform(input, context) {
      const { cluster, live } = await look(input, context);
      const note = await requireNoDrift(input, context, live);
      let done = 0;
      for (const before of input.objects) {
        const object = live.get(objectKey(before));
        if (!isBack(before, object)) await bringBack(context, cluster, before, object, note);
        context.progress({
          doing: `bringing objects of ${input.cluster} back`,
          done: ++done,
          total: input.objects.length,
        });
      }
      const ready = input.objects.filter((each) => each.ready === true);
      await untilReady(context, cluster, ready, input.timeoutSeconds);
      await requireBack(input, context, cluster);
      return performed(input);
    },

    adopt: async (input) => performed(input),
  };
}

const stays = ({ kind, digest }: ObjectBefore) => digest === undefined && manifestKinds[kind]?.onTheWayBack === 'keep';

/** An object that was put back may be another one than it was, where somebody had deleted it; an added claim stays. */
const isBack = (before: ObjectBefore, live: KubernetesObject | undefined): boolean =>
  stays(before) || (live === undefined ? before.digest === undefined : digestOf(live) === before.digest);

async function look(input: Input, context: Context) {
  const cluster = await openCluster(context, input.cluster);
  requireIdentity(cluster.name, cluster.identity, input.identity);
  return { cluster, live: await readLive(cluster.kubectl, input.objects, { signal: context.signal }) };
}

/** Every object must be what it was, or what the step has made of it: what others have made of it since is theirs. */
async function requireNoDrift(
  input: Input,
  context: Context,
  live: ReadonlyMap<string, KubernetesObject>,
): Promise<AppliedNote | undefined> {
  const forward = context.operation.undoes?.[0];
  const note = forward === undefined ? undefined : await appliedBy(context, forward);
  for (const before of input.objects) {
    const object = live.get(objectKey(before));
    if (object === undefined || isBack(before, object) || isAs(before, object)) continue;
    const known = note?.[objectKey(before)];
    // An attempt that was killed before it could note anything: whether an object is its work, its field manager says.
    const isStep =
      known === undefined ? isOurs(object) : known.uid === object.metadata.uid && known.digest === digestOf(object);
    if (isStep) continue;
    throw new SwitchbackError(
      'ValidationMismatch',
      `somebody changed ${objectKey(before)} in ${input.cluster} after the step had applied it`,
      {
        hint: 'Bring that change elsewhere, or settle this undo with done-by-hand and a proof.',
        facts: { object: objectKey(before), cluster: input.cluster },
      },
    );
  }
  return note;
}

async function bringBack(
  context: Context,
  cluster: OpenCluster,
  before: ObjectBefore,
  live: KubernetesObject | undefined,
  note: AppliedNote | undefined,
): Promise<void> {
  const { signal } = context;
  const key = objectKey(before);
  await context.fence();
  if (before.digest === undefined) {
    const uid = note?.[key]?.uid ?? live?.metadata.uid;
    if (live === undefined || live.metadata.uid !== uid) return;
    const args = ['delete', '--filename=-', '--ignore-not-found', '--wait=true', '--cascade=foreground'];
    const { apiVersion, kind, name } = before;
    const input = JSON.stringify({ apiVersion, kind, metadata: { name } });
    await answered(cluster.kubectl, `${key} cannot be deleted`, args, { signal, input, timeoutMs: 180_000 });
    return;
  }
  const kept = JSON.parse((await context.kept(before.digest)).toString('utf8')) as KubernetesObject;
  // With the version that was looked at: the server refuses it when somebody was faster.
  const version = live?.metadata.resourceVersion;
  const metadata = { ...kept.metadata, ...(version === undefined ? {} : { resourceVersion: version }) };
  const verb = live === undefined ? 'create' : 'replace';
  await answered(cluster.kubectl, `${key} cannot be put back`, [verb, '--field-manager=switchback', '--filename=-'], {
    signal,
    input: JSON.stringify({ ...kept, metadata }),
  });
}

/** Asked once more: nothing is said to be back that was not looked at. */
async function requireBack(input: Input, context: Context, cluster: OpenCluster): Promise<void> {
  const live = await readLive(cluster.kubectl, input.objects, { signal: context.signal });
  for (const before of input.objects) {
    const object = live.get(objectKey(before));
    if (isBack(before, object)) continue;
    const kept =
      before.digest === undefined ? undefined : (JSON.parse(String(await context.kept(before.digest))) as unknown);
    const where = kept === undefined || object === undefined ? [] : differingPaths(kept, withoutServerFields(object));
    const what =
      object === undefined
        ? 'is not there'
        : before.digest === undefined
          ? 'is still there'
          : `differs at ${where.join(', ')}`;
    throw new SwitchbackError(
      'ValidationMismatch',
      `${objectKey(before)} in ${input.cluster} is not as it was: it ${what}`,
    );
  }
}

function performed(input: Input) {
  const added = input.objects.filter(({ digest }) => digest === undefined);
  const kept = added.filter(stays);
  const back = input.objects.length - added.length;
  const stay = kept.length === 0 ? '' : `; ${kept.map(objectKey).join(', ')} stays`;
  return {
    summary: `${back} objects of ${input.cluster} are as they were, ${added.length - kept.length} added ones are gone${stay}`,
    facts: { objects: input.objects.length, back, removed: added.length - kept.length, stay: kept.length },
    effect: {
      cluster: input.cluster,
      objects: input.objects.map((each) => `${objectKey(each)} ${each.digest ?? 'absent'}`),
    },
  };
}
