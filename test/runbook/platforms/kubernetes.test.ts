import { describe, expect, it } from '@jest/globals';
import { differingPaths, readManifest, withoutServerFields } from '../../../runbook/platforms/kubernetes.ts';
import {
  readinessOf,
  troubleOf,
  type LivePod,
  type LiveWorkload,
} from '../../../runbook/platforms/kubernetes-readiness.ts';

const refusal = (document: unknown) => {
  const reading = readManifest(document, 'shop');
  return 'object' in reading ? 'accepted' : reading.message;
};
const named = (kind: string, apiVersion = 'v1', metadata: object = { name: 'web' }) => ({ apiVersion, kind, metadata });

describe('a document of a manifest', () => {
  it('is an object with its name', () => {
    expect(readManifest(named('Deployment', 'apps/v1'))).toEqual({
      object: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    });
  });

  it.each([
    [null, 'a document has no `kind`'],
    [named('Secret'), 'a step cannot apply a Secret'],
    [named('Namespace'), 'a step cannot apply a Namespace'],
    [named('CustomResourceDefinition', 'apiextensions.k8s.io/v1'), 'a step cannot apply a CustomResourceDefinition'],
    [named('Widget', 'example.org/v1'), 'a step cannot apply a Widget'],
    [named('constructor'), 'a step cannot apply a constructor'],
    [named('Deployment', 'extensions/v1beta1'), 'Deployment has the apiVersion `extensions/v1beta1`'],
    [{ kind: 'Service', metadata: { name: 'web' } }, 'Service has no `apiVersion`'],
    [named('Job', 'batch/v1', { generateName: 'load-' }), 'a Job has `generateName`'],
    [named('Service', 'v1', {}), 'a Service has no valid `metadata.name`'],
    [named('Service', 'v1', { name: '../etc' }), 'a Service has no valid `metadata.name`'],
    [
      named('Service', 'v1', { name: 'web', namespace: 'kube-system' }),
      'Service/web belongs to the namespace `kube-system`, not to `shop`',
    ],
  ])('%j is refused', (document, message) => {
    expect(refusal(document)).toBe(message);
  });
});

describe('a live object', () => {
  const live = {
    ...named('Deployment', 'apps/v1', {
      name: 'web',
      uid: 'u',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      managedFields: [],
      labels: { app: 'web' },
      annotations: { 'deployment.kubernetes.io/revision': '3' },
    }),
    spec: { replicas: 2 },
    status: { replicas: 2 },
  };

  it('is kept without what the server and its controllers write', () => {
    expect(withoutServerFields(live)).toEqual({
      ...named('Deployment', 'apps/v1', { name: 'web', labels: { app: 'web' } }),
      spec: { replicas: 2 },
    });
  });

  it('keeps annotations of people', () => {
    const owned = { ...live, metadata: { name: 'web', annotations: { owner: 'shop' } } };
    expect(withoutServerFields(owned)).toMatchObject({ metadata: { annotations: { owner: 'shop' } } });
  });

  it('differs from another at named paths, without values', () => {
    expect(differingPaths({ data: { a: 'x', b: [1] }, same: 1 }, { data: { a: 'y', b: [1, 2] }, same: 1 })).toEqual([
      'data.a',
      'data.b.1',
    ]);
  });
});

const workload = (kind: string, status: LiveWorkload['status'], replicas = 3): LiveWorkload => ({
  kind,
  metadata: { name: 'web', generation: 2 },
  spec: { replicas },
  ...(status && { status }),
});
const rolledOut = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3 };

describe('readiness', () => {
  it.each<[string, LiveWorkload, string]>([
    ['a rolled out Deployment', workload('Deployment', rolledOut), 'ready'],
    ['one without replicas', workload('Deployment', { observedGeneration: 2 }, 0), 'ready'],
    ['one whose controller is behind', workload('Deployment', { ...rolledOut, observedGeneration: 1 }), 'waiting'],
    ['one without status', workload('Deployment', undefined), 'waiting'],
    ['one with an old replica', workload('Deployment', { ...rolledOut, replicas: 4 }), 'waiting'],
    ['one that is not available', workload('Deployment', { ...rolledOut, availableReplicas: 2 }), 'waiting'],
    [
      'one past its progress deadline',
      workload('Deployment', {
        ...rolledOut,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      }),
      'failed',
    ],
    ['a rolled out StatefulSet', workload('StatefulSet', rolledOut), 'ready'],
    ['one with an older pod', workload('StatefulSet', { ...rolledOut, updatedReplicas: 2 }), 'waiting'],
    [
      'a DaemonSet on all nodes',
      workload('DaemonSet', {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
      }),
      'ready',
    ],
    ['a Job that runs', workload('Job', {}), 'waiting'],
    ['a complete Job', workload('Job', { conditions: [{ type: 'Complete', status: 'True' }] }), 'ready'],
    ['a failed Job', workload('Job', { conditions: [{ type: 'Failed', status: 'True', message: 'no' }] }), 'failed'],
    ['a ConfigMap', workload('ConfigMap', undefined), 'ready'],
  ])('%s', (_what, live, is) => {
    expect(readinessOf(live).is).toBe(is);
  });
});

describe('trouble', () => {
  const pod = (image: string, waiting: { reason: string; message?: string }): LivePod => ({
    metadata: { name: `web-${image}` },
    spec: { containers: [{ name: 'web', image }] },
    status: { containerStatuses: [{ name: 'web', image, state: { waiting } }] },
  });

  it('is the reason of the cluster', () => {
    const pods = [pod('v1', { reason: 'ContainerCreating' }), pod('v2', { reason: 'ErrImagePull', message: 'no v2' })];
    expect(troubleOf(pods, ['v1', 'v2'])).toEqual({
      ...{ pod: 'web-v2', container: 'web', reason: 'ErrImagePull: no v2', lasts: true },
    });
  });

  it('does not blame pods of an older rollout', () => {
    expect(troubleOf([pod('v1', { reason: 'CrashLoopBackOff' })], ['v2'])).toBeUndefined();
  });
});
