import { objectKey } from './kubernetes.ts';

/** `failed`: it does not become ready by waiting; `reason` says in the cluster's words what is missing. */
export type Readiness = { is: 'ready' } | { is: 'waiting' | 'failed'; reason: string };

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** As much of a live object as its readiness depends on. */
export interface LiveWorkload {
  kind: string;
  metadata: { name: string; generation?: number };
  spec?: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
    conditions?: Condition[];
  };
}

/** Whether the controllers say that an object is what its spec says: rolled out completely, or completed. Others are ready as they are. */
export function readinessOf(live: LiveWorkload): Readiness {
  const { kind, metadata, status = {} } = live;
  const waiting = (reason: string): Readiness => ({
    is: 'waiting',
    reason: `${objectKey({ kind, ...metadata })}: ${reason}`,
  });
  const failed = (reason: string): Readiness => ({
    is: 'failed',
    reason: `${objectKey({ kind, ...metadata })}: ${reason}`,
  });
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const wanted = live.spec?.replicas ?? 1;
  const condition = (type: string, is: string) =>
    status.conditions?.find((each) => each.type === type && each.status === is);
  const count = (what: string, now = 0, of = wanted) => waiting(`${now} of ${of} ${what}`);
  switch (kind) {
    case 'Deployment': {
      if (!isSeen) return waiting('its controller has not seen the change yet');
      const stuck = condition('Progressing', 'False');
      if (stuck?.reason === 'ProgressDeadlineExceeded') return failed(stuck.message ?? stuck.reason);
      if ((status.updatedReplicas ?? 0) !== wanted) return count('replicas are updated', status.updatedReplicas);
      if ((status.replicas ?? 0) !== wanted)
        return waiting(`${(status.replicas ?? 0) - wanted} old replicas have not ended`);
      return (status.availableReplicas ?? 0) === wanted
        ? { is: 'ready' }
        : count('replicas are available', status.availableReplicas);
    }
    case 'StatefulSet':
      if (!isSeen) return waiting('its controller has not seen the change yet');
      if ((status.updatedReplicas ?? 0) !== wanted) return count('replicas are updated', status.updatedReplicas);
      return (status.readyReplicas ?? 0) === wanted
        ? { is: 'ready' }
        : count('replicas are ready', status.readyReplicas);
    case 'DaemonSet': {
      if (!isSeen) return waiting('its controller has not seen the change yet');
      const nodes = status.desiredNumberScheduled ?? 0;
      if ((status.updatedNumberScheduled ?? 0) !== nodes)
        return count('pods are updated', status.updatedNumberScheduled, nodes);
      return (status.numberAvailable ?? 0) === nodes
        ? { is: 'ready' }
        : count('pods are available', status.numberAvailable, nodes);
    }
    case 'Job': {
      if (condition('Complete', 'True')) return { is: 'ready' };
      const broken = condition('Failed', 'True');
      return broken ? failed(broken.message ?? broken.reason ?? 'it failed') : waiting('it has not completed');
    }
    default:
      return { is: 'ready' };
  }
}

/** Reasons for which a container waits, and that waiting alone does not change. */
const lasting = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
];

interface ContainerStatus {
  name: string;
  image: string;
  restartCount?: number;
  state?: { waiting?: { reason?: string; message?: string }; terminated?: { reason?: string; exitCode?: number } };
}

export interface LivePod {
  metadata: { name: string; labels?: Record<string, string> };
  spec: { containers: { name: string; image: string }[]; initContainers?: { name: string; image: string }[] };
  status?: {
    phase?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** What keeps a pod from becoming ready. `container`: whose log may say more. */
export interface PodTrouble {
  pod: string;
  container?: string;
  reason: string;
  lasts: boolean;
}

/** The first trouble of the pods that run one of these images: pods of an older rollout are not blamed. */
export function troubleOf(pods: readonly LivePod[], images: readonly string[]): PodTrouble | undefined {
  const own = pods.filter(({ spec }) => spec.containers.some(({ image }) => images.includes(image)));
  const found = own.flatMap((pod): PodTrouble[] => {
    const { name } = pod.metadata;
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const unscheduled = pod.status?.conditions?.find(
      ({ type, status }) => type === 'PodScheduled' && status === 'False',
    );
    return [
      ...statuses.flatMap(({ name: container, state }): PodTrouble[] => {
        const reason = state?.waiting?.reason;
        if (reason === undefined || !lasting.includes(reason)) return [];
        const message = state?.waiting?.message;
        return [
          { pod: name, container, reason: message === undefined ? reason : `${reason}: ${message}`, lasts: true },
        ];
      }),
      ...(unscheduled === undefined
        ? []
        : [
            {
              pod: name,
              reason: `${unscheduled.reason ?? 'not scheduled'}: ${unscheduled.message ?? ''}`,
              lasts: false,
            },
          ]),
    ];
  });
  return found.find(({ lasts }) => lasts) ?? found[0];
}
