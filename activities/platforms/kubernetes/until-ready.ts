import { setTimeout as pause } from 'node:timers/promises';

import { SwitchbackError } from '../../../runbook/errors.ts';
import { objectKey, type ObjectName } from '../../../runbook/platforms/kubernetes.ts';
import {
  readinessOf,
  troubleOf,
  type LivePod,
  type PodTrouble,
  type Readiness,
} from '../../../runbook/platforms/kubernetes-readiness.ts';
import type { EffectContext } from '../../effect.ts';
import { masked } from '../../masking/index.ts';
import { answered } from './kubectl.ts';
import { readLive, type KubernetesObject } from './objects.ts';
import type { OpenCluster } from './open-cluster.ts';

/** How long a trouble that waiting does not change may last: an image may appear, a container may start at its second try. */
const patienceMs = 15_000;
const pauseMs = 1000;

export const readiness = (live: KubernetesObject): Readiness => readinessOf(live);

/**
 * Waits until every object is ready. @throws SwitchbackError `StepFailed` with the cluster's own reason: at once where a controller has
 * given up, after some seconds where a container cannot start, or when the time is up
 */
export async function untilReady(
  context: EffectContext,
  cluster: OpenCluster,
  names: readonly ObjectName[],
  timeoutSeconds: number,
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  let troubledSince: number | undefined;
  for (;;) {
    const { signal } = context;
    const live = await readLive(cluster.kubectl, names, { signal });
    const verdicts = names.map((name): Readiness => {
      const object = live.get(objectKey(name));
      return object ? readiness(object) : { is: 'failed', reason: `${objectKey(name)}: it is not there` };
    });
    const open = verdicts.filter((verdict) => verdict.is !== 'ready');
    if (open.length === 0) return;
    const failed = open.find(({ is }) => is === 'failed');
    const trouble = troubleOf(await readPods(context, cluster), imagesOf([...live.values()]));
    if (trouble?.lasts) troubledSince ??= performance.now();
    else troubledSince = undefined;
    const isLasting = troubledSince !== undefined && performance.now() - troubledSince > patienceMs;
    if (failed !== undefined || isLasting || performance.now() > deadline) {
      const reason = [...(failed ? [failed] : open)].map((each) => ('reason' in each ? each.reason : '')).slice(0, 3);
      throw await failure(context, cluster, reason, trouble, failed || isLasting ? undefined : timeoutSeconds);
    }
    const waiting = open.map((each) => ('reason' in each ? each.reason : '')).join('; ');
    context.progress({
      doing: `waiting for ${waiting}`.slice(0, 200),
      done: names.length - open.length,
      total: names.length,
    });
    await pause(pauseMs, undefined, { signal });
  }
}

/** Images of the pods that these objects make. */
function imagesOf(objects: readonly KubernetesObject[]): string[] {
  return objects.flatMap(({ spec }) => {
    const template = (spec as { template?: { spec?: LivePod['spec'] } } | undefined)?.template?.spec;
    return (template?.containers ?? []).map(({ image }) => image);
  });
}

async function readPods(context: EffectContext, { kubectl }: OpenCluster): Promise<LivePod[]> {
  const { signal } = context;
  const text = await answered(kubectl, 'the pods cannot be read', ['get', 'pods', '--output=json'], { signal });
  return (JSON.parse(text) as { items: LivePod[] }).items;
}

async function failure(
  context: EffectContext,
  cluster: OpenCluster,
  reasons: readonly string[],
  trouble: PodTrouble | undefined,
  afterSeconds: number | undefined,
): Promise<SwitchbackError> {
  const log = trouble?.container === undefined ? '' : await logOf(context, cluster, trouble.pod, trouble.container);
  const first = trouble === undefined ? [] : [`pod ${trouble.pod}: ${trouble.reason}`];
  const said = [...first, ...reasons].join('; ');
  const when = afterSeconds === undefined ? '' : ` within ${afterSeconds} s`;
  return new SwitchbackError(
    'StepFailed',
    masked(`not ready in ${cluster.name}${when}: ${said}${log === '' ? '' : `; its log ends with: ${log}`}`).slice(
      0,
      1500,
    ),
    {
      hint: `Look at it with \`kubectl --namespace ${cluster.namespace} describe pods\`; retry applies again, a rollback puts back what was there.`,
    },
  );
}

/** The end of what a container wrote, of its last run where it has begun again; empty where there is nothing. */
async function logOf(
  context: EffectContext,
  { kubectl }: OpenCluster,
  pod: string,
  container: string,
): Promise<string> {
  for (const previous of [['--previous'], []]) {
    const args = ['logs', pod, `--container=${container}`, '--tail=5', ...previous];
    const { exitCode, stdout } = await kubectl(args, { signal: context.signal });
    if (exitCode === 0 && stdout.trim() !== '')
      return stdout
        .trim()
        .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
        .replaceAll('\n', ' | ')
        .slice(-500);
  }
  return '';
}
