import { z } from 'zod';
import { clusterName } from '../plan/cluster.ts';
import { didYouMean } from '../plan/did-you-mean.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';
import { stackPath, tidyPath } from '../plan/place.ts';
import { saying } from '../plan/saying.ts';
import { manifestKinds, objectKey, type ObjectName } from '../platforms/kubernetes.ts';
import { defineStep, stepOptions, summaryLine, type OperationDraft, type StepContext } from './step-kind.ts';

const schema = z.strictObject({
  manifests: z.array(stackPath).min(1).max(100).describe('YAML files of Kubernetes objects, applied together.'),
  cluster: saying(clusterName, 'The cluster of `clusters` whose namespace the objects belong to.'),
  ...stepOptions,
});
type Manifests = z.output<typeof schema>;

/** More would not fit into an intent. */
const mostObjects = 200;

/** `manifests`: applies objects to the namespace of a cluster; taken back object by object. */
export const manifestsStep = defineStep({
  key: 'manifests',
  schema,

  files: (step, path) =>
    step.manifests.map((file, index) => ({
      path: tidyPath(file),
      use: 'manifests' as const,
      named: [...path, 'manifests', index],
    })),

  validate(step, context) {
    const cluster = Object.hasOwn(context.clusters, step.cluster) ? context.clusters[step.cluster] : undefined;
    if (cluster === undefined) return [unknownCluster(step.cluster, context)];
    return [...foreignNamespaces(step, context, cluster.namespace), ...repeated(step, context), untried(context)];
  },

  expand(step, context) {
    const timeoutSeconds = step.timeout ?? 600;
    const objects = objectsOf(step, context);
    const effects = objects.map((object) => ({
      resource: `object:${step.cluster}/${objectKey(object)}`,
      change: 'update' as const,
    }));
    const stay = objects.filter(({ kind }) => manifestKinds[kind]?.onTheWayBack === 'keep').map(objectKey);
    const draft: OperationDraft<'applyManifests'> = {
      kind: 'applyManifests',
      summary: summaryLine(step.title ?? manifestsStep.describe(step)),
      input: { cluster: step.cluster, files: step.manifests.map(tidyPath), timeoutSeconds },
      effects,
      undo: {
        by: 'operation',
        kind: 'restoreManifests',
        summary: summaryLine(
          `put ${objects.map(objectKey).join(', ')} of ${step.cluster} back as they were${stay.length === 0 ? '' : `; an added ${stay.join(', ')} stays`}`,
        ),
        lossy: false,
        // What the objects were, the worker reads from the cluster before it acts.
        input: { cluster: step.cluster, identity: '', objects: [], timeoutSeconds },
        effects,
      },
      // Their own limit comes first; this one is for what surrounds it.
      timeoutSeconds: timeoutSeconds + 60,
    };
    return [draft];
  },

  describe: (step) => `apply ${step.manifests.map(tidyPath).join(', ')} to ${step.cluster}`,
});

interface Placed {
  object: ObjectName;
  namespace?: string;
  named: PlanPath;
  inside: NonNullable<Finding['inside']>;
}

function placedObjects(step: Manifests, { files, path }: StepContext): Placed[] {
  return step.manifests.flatMap((name, index) => {
    const file = files.get(tidyPath(name), 'manifests');
    if (file?.found !== 'manifests') return [];
    return file.objects.map(({ start, end, namespace, ...object }) => ({
      object,
      ...(namespace === undefined ? {} : { namespace }),
      named: [...path, 'manifests', index],
      inside: { file: tidyPath(name), start, end },
    }));
  });
}

const objectsOf = (step: Manifests, context: StepContext) => placedObjects(step, context).map(({ object }) => object);

function unknownCluster(name: string, { clusters, path }: StepContext): Finding {
  return {
    path: [...path, 'cluster'],
    severity: 'error',
    message: `there is no cluster \`${name}\``,
    hint: didYouMean(name, Object.keys(clusters), 'clusters'),
  };
}

/** To be removed once the suite on a real cluster passes. */
const untried = ({ path }: StepContext): Finding => ({
  path: [...path, 'manifests'],
  severity: 'warning',
  message: 'steps on clusters are experimental: they have not been tried on a real cluster',
  hint: 'Run this plan on a cluster that you can lose, forward and back, before you trust it.',
});

function foreignNamespaces(step: Manifests, context: StepContext, own: string): Finding[] {
  return placedObjects(step, context)
    .filter(({ namespace }) => namespace !== undefined && namespace !== own)
    .map(({ object, namespace = '', named, inside }) => ({
      path: named,
      severity: 'error',
      message: `${objectKey(object)} belongs to the namespace \`${namespace}\`, not to \`${own}\` of ${step.cluster}`,
      hint: 'A step changes the namespace of its cluster alone: name another cluster for another namespace.',
      inside,
    }));
}

function repeated(step: Manifests, context: StepContext): Finding[] {
  const placed = placedObjects(step, context);
  const seen = new Set<string>();
  const twice = placed.filter(({ object }) => seen.has(objectKey(object)) || !seen.add(objectKey(object)));
  const findings = twice.map(({ object, named, inside }): Finding => ({
    path: named,
    severity: 'error',
    message: `${objectKey(object)} stands in the step twice`,
    hint: 'Remove one of them.',
    inside,
  }));
  if (placed.length <= mostObjects) return findings;
  const path = [...context.path, 'manifests'];
  const message = `${placed.length} objects are more than the ${mostObjects} of one step`;
  return [...findings, { path, severity: 'error', message, hint: 'Make two steps of it.' }];
}
