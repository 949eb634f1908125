import { quote } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { manifestKinds, objectKey, type ObjectName } from '../platforms/kubernetes.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';

/** An object as it was before a step: its kept content, or that there was none. */
export interface ObjectBefore extends ObjectName {
  /** Digest of the object as JSON, without what the server writes. Absent: there was no such object. */
  digest?: string;
  /** That the server had given it. */
  uid?: string;
  /** Whether it was ready; what was not is not waited for. */
  ready?: boolean;
}

/** Puts objects of a cluster back exactly as they were, and removes those that the step had added: the undo of `applyManifests`. */
export interface RestoreManifestsInput {
  cluster: string;
  /** Of the cluster and its namespace: a way back never goes to another one. */
  identity: string;
  objects: ObjectBefore[];
  timeoutSeconds: number;
}

declare module './operation.ts' {
  interface OperationInputs {
    restoreManifests: RestoreManifestsInput;
  }
}

export const restoreManifests = defineOperation({
  kind: 'restoreManifests',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  byHand: ({ id, summary, input }, { plan, home }) => {
    const { namespace, context } = plan.clusters?.[input.cluster] ?? { namespace: 'NAMESPACE' };
    const kubectl = `kubectl${context === undefined ? '' : ` --context ${quote(context)}`} --namespace ${quote(namespace)}`;
    const commands = input.objects.flatMap((object) => {
      if (object.digest !== undefined) {
        const file = `${home.root}/content/${object.digest.slice(0, 2)}/${object.digest.slice(2)}`;
        return [`${kubectl} replace --field-manager=switchback -f ${quote(file)}`];
      }
      const stays = manifestKinds[object.kind]?.onTheWayBack === 'keep';
      return stays ? [] : [`${kubectl} delete --ignore-not-found ${quote(objectKey(object).toLowerCase())}`];
    });
    return byHand(id, summary, {
      why: 'a shell does not know whether somebody changed these objects since; look at each, then bring it back',
      commands: [`${kubectl} get namespace ${quote(namespace)} -o jsonpath={.metadata.uid}`, ...commands],
    });
  },
});
