/** A namespace of a cluster that steps of a plan change. */
export interface ClusterRef {
  namespace: string;
  /** Of the kubeconfig; its current one when absent. */
  context?: string;
  /** Secret reference to the path of a kubeconfig on the worker's host. Absent: the one that kubectl finds there. */
  kubeconfig?: string;
}

/** The name of an object in its namespace. */
export interface ObjectName {
  apiVersion: string;
  kind: string;
  name: string;
}

/** `Deployment/web`. */
export const objectKey = ({ kind, name }: Pick<ObjectName, 'kind' | 'name'>): string => `${kind}/${name}`;

/** What becomes of an object of this kind that a step has added: `keep` where its removal would destroy data. */
export const manifestKinds: Readonly<
  Record<string, { apiVersions: readonly string[]; onTheWayBack: 'delete' | 'keep' }>
> = {
  ConfigMap: { apiVersions: ['v1'], onTheWayBack: 'delete' },
  Service: { apiVersions: ['v1'], onTheWayBack: 'delete' },
  ServiceAccount: { apiVersions: ['v1'], onTheWayBack: 'delete' },
  PersistentVolumeClaim: { apiVersions: ['v1'], onTheWayBack: 'keep' },
  Deployment: { apiVersions: ['apps/v1'], onTheWayBack: 'delete' },
  StatefulSet: { apiVersions: ['apps/v1'], onTheWayBack: 'delete' },
  DaemonSet: { apiVersions: ['apps/v1'], onTheWayBack: 'delete' },
  Job: { apiVersions: ['batch/v1'], onTheWayBack: 'delete' },
  CronJob: { apiVersions: ['batch/v1'], onTheWayBack: 'delete' },
  Ingress: { apiVersions: ['networking.k8s.io/v1'], onTheWayBack: 'delete' },
  NetworkPolicy: { apiVersions: ['networking.k8s.io/v1'], onTheWayBack: 'delete' },
  HorizontalPodAutoscaler: { apiVersions: ['autoscaling/v2'], onTheWayBack: 'delete' },
  PodDisruptionBudget: { apiVersions: ['policy/v1'], onTheWayBack: 'delete' },
  Role: { apiVersions: ['rbac.authorization.k8s.io/v1'], onTheWayBack: 'delete' },
  RoleBinding: { apiVersions: ['rbac.authorization.k8s.io/v1'], onTheWayBack: 'delete' },
};

const refusedKinds: Readonly<Record<string, string>> = {
  Secret:
    'Make the Secret outside of the plan and refer to it by name: a plan seals its files, and a secret would be sealed in plain.',
  Namespace: 'Make the namespace before the migration: its removal would remove everything in it.',
  PersistentVolume: 'Write a PersistentVolumeClaim; a volume belongs to the whole cluster.',
  StorageClass: 'Make it before the migration: it belongs to the whole cluster.',
  CustomResourceDefinition: 'Make it before the migration: its removal would remove every object of its kind.',
  List: 'Write each object as a document of its own, with a line `---` between two of them.',
  Pod: 'Write a Deployment or a Job: a pod cannot be changed in place.',
};

export type ManifestReading = { object: ObjectName } | { key: readonly string[]; message: string; hint: string };

type Mapping = Record<string, unknown>;
const mapping = (value: unknown): Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {};

/** Reads one document of a manifest, or says where it is wrong. `namespace`: that of the cluster; any when not given. */
export function readManifest(document: unknown, namespace?: string): ManifestReading {
  const { apiVersion, kind, metadata } = mapping(document);
  const wrong = (key: readonly string[], message: string, hint: string): ManifestReading => ({ key, message, hint });
  if (typeof kind !== 'string' || kind === '')
    return wrong(['kind'], 'a document has no `kind`', 'Write the kind of the object, e.g. `kind: Deployment`.');
  if (Object.hasOwn(refusedKinds, kind))
    return wrong(['kind'], `a step cannot apply a ${kind}`, refusedKinds[kind] ?? '');
  const known = Object.hasOwn(manifestKinds, kind) ? manifestKinds[kind] : undefined;
  if (known === undefined)
    return wrong(
      ['kind'],
      `a step cannot apply a ${kind}`,
      `Known kinds are ${Object.keys(manifestKinds).join(', ')}: the way back of others is not known.`,
    );
  if (typeof apiVersion !== 'string' || !known.apiVersions.includes(apiVersion))
    return wrong(
      ['apiVersion'],
      `${kind} has ${typeof apiVersion === 'string' ? `the apiVersion \`${apiVersion}\`` : 'no `apiVersion`'}`,
      `Write \`apiVersion: ${known.apiVersions.join('` or `')}\`.`,
    );
  const { name, namespace: own, generateName } = mapping(metadata);
  if (generateName !== undefined)
    return wrong(
      ['metadata', 'generateName'],
      `a ${kind} has \`generateName\``,
      'Write `name`: an object whose name the cluster makes up cannot be found again.',
    );
  if (typeof name !== 'string' || !/^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$/.test(name))
    return wrong(['metadata', 'name'], `a ${kind} has no valid \`metadata.name\``, 'Write the name of the object.');
  if (own !== undefined && namespace !== undefined && own !== namespace)
    return wrong(
      ['metadata', 'namespace'],
      `${kind}/${name} belongs to the namespace \`${JSON.stringify(own).replaceAll('"', '')}\`, not to \`${namespace}\``,
      'A step changes the namespace of its cluster alone: name another cluster for another namespace.',
    );
  return { object: { apiVersion, kind, name } };
}

/** Annotations that controllers count up by themselves. */
const controllersOwn = ['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation'];
const serverOwn = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'];

/** A live object without what the server and its controllers write: what a person could have written, defaults included. */
export function withoutServerFields(live: unknown): Mapping {
  const { status: _status, metadata, ...rest } = mapping(live);
  const { annotations, ...named } = mapping(metadata);
  const kept = Object.entries(mapping(annotations)).filter(([key]) => !controllersOwn.includes(key));
  const own = Object.entries(named).filter(([key]) => !serverOwn.includes(key));
  return {
    ...rest,
    metadata: {
      ...Object.fromEntries(own),
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
    },
  };
}

/** Paths at which two objects differ, at most `most`: no values, since they may be secrets. */
export function differingPaths(one: unknown, other: unknown, most = 5): string[] {
  const found: string[] = [];
  const walk = (a: unknown, b: unknown, path: string): void => {
    if (found.length >= most || Object.is(a, b)) return;
    const [left, right] = [children(a), children(b)];
    if (left === undefined || right === undefined || Array.isArray(a) !== Array.isArray(b)) {
      found.push(path === '' ? '.' : path);
      return;
    }
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
      walk(left[key], right[key], path === '' ? key : `${path}.${key}`);
  };
  walk(one, other, '');
  return found;
}

const children = (value: unknown): Mapping | undefined =>
  typeof value === 'object' && value !== null ? (value as Mapping) : undefined;
