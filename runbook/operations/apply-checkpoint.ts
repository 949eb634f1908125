import { activeTarget } from '../break-glass/contents.ts';
import { asItIs, defineOperation, touchesNoData } from './define-operation.ts';
import type { ContentRef } from './operation.ts';

/** Makes a checkpoint the active one and brings the stack to it. `checkpoint` names it for people and the journal. */
export interface ApplyCheckpointInput {
  checkpoint: string;
  compose: ContentRef;
  env?: ContentRef;
  /** Services to recreate although unchanged. */
  recreate?: string[];
  /** Image id that each service must run, where its tag may mean another image by now. */
  images?: Record<string, string>;
  /** Names of images in which the layers of containers are kept that were replaced; one that is there goes before `images`. */
  layers?: Record<string, string>;
  /** How many containers a service had, where somebody had scaled it to another number than its file says. */
  replicas?: Record<string, number>;
  /** Containers outside of the checkpoint that were stopped for another one, and run again with this one. */
  start?: string[];
  /**
   * Digest, in the content store, of the files beside the Compose file that each service ran with; empty where nobody knows. They are not put
   * back, but said to be other ones by now.
   */
  contents?: Record<string, string>;
}

declare module './operation.ts' {
  interface OperationInputs {
    applyCheckpoint: ApplyCheckpointInput;
  }
}

export const applyCheckpoint = defineOperation({
  kind: 'applyCheckpoint',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inClone: asItIs,
  inRollback: 'stack',
  startsServices: true,
  byHand: ({ id, summary, timeoutSeconds, input }, script) => {
    const { compose, env, images = {}, layers = {}, start = [], recreate = [], checkpoint: label } = input;
    const { stack } = script.plan;
    const ofCompose = activeTarget(compose, stack.compose, script);
    const ofEnv = env === undefined || stack.env === undefined ? undefined : activeTarget(env, stack.env, script);
    const set = {
      label,
      compose_to: ofCompose.to,
      compose_mode: ofCompose.mode,
      compose_link: ofCompose.link,
      ...(ofEnv && { env_to: ofEnv.to, env_mode: ofEnv.mode, env_link: ofEnv.link }),
      images: Object.entries(images).map(([service, imageId]) => `${service}=${imageId}`),
      layers: Object.entries(layers).map(([service, name]) => `${service}=${name}`),
      start,
      recreate,
      within: String(Math.min(timeoutSeconds, 1800)),
    };
    return { kind: 'checkpoint', title: summary, operation: id, set };
  },
});
