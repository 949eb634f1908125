import { SwitchbackError } from '../../../runbook/errors.ts';
import type { EffectContext } from '../../effect.ts';
import { answered, kubectlFor, type Kubectl } from './kubectl.ts';

export interface OpenCluster {
  name: string;
  namespace: string;
  kubectl: Kubectl;
  /** Of the cluster and of the namespace in it. */
  identity: string;
}

/**
 * Reaches a cluster of the plan and learns which one it is: by the ids that it has given to its namespaces, which no other cluster has.
 * @throws SwitchbackError `PlanInvalid`, `PreconditionFailed` (no kubectl, no namespace), `Unreachable`, `AccessDenied`
 */
export async function openCluster(context: EffectContext, name: string): Promise<OpenCluster> {
  const { clusters = {} } = context.plan;
  const ref = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (ref === undefined) throw new SwitchbackError('PlanInvalid', `the plan has no cluster ${name}`);
  const kubeconfig = ref.kubeconfig === undefined ? undefined : await context.secret(ref.kubeconfig);
  const kubectl = kubectlFor(ref, kubeconfig);
  const uidOf = (namespace: string) =>
    answered(
      kubectl,
      `the namespace ${namespace} of ${name} cannot be read`,
      ['get', 'namespace', namespace, '--output=jsonpath={.metadata.uid}'],
      { signal: context.signal },
    );
  const uids = [await uidOf('kube-system'), await uidOf(ref.namespace)].map((uid) => uid.trim());
  if (uids.some((uid) => uid === ''))
    throw new SwitchbackError('PreconditionFailed', `the cluster ${name} does not say which one it is`);
  return { name, namespace: ref.namespace, kubectl, identity: uids.join('/') };
}

/** Makes sure that it is the cluster that this target has known from the beginning. @throws SwitchbackError `PreconditionFailed` */
export async function requireSameCluster(context: EffectContext, { name, identity }: OpenCluster): Promise<void> {
  const resource = `cluster:${name}`;
  const known = await context.identityOf(resource);
  if (known === undefined) await context.bindIdentity(resource, identity);
  else requireIdentity(name, identity, known);
}

/** @throws SwitchbackError `PreconditionFailed` */
export function requireIdentity(name: string, found: string, known: string): void {
  if (found === known) return;
  throw new SwitchbackError('PreconditionFailed', `${name} is another cluster, or namespace, than it was`, {
    hint: 'Its address leads elsewhere now, or the namespace was made again. Find out which is right before anything is changed.',
    facts: { cluster: name, known, found },
  });
}
