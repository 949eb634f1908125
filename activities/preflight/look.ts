import type { PreflightCheck } from '../../runbook/operations.ts';
import type { Instruments } from '../checks/index.ts';
import type { ComposeModel, Prediction } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import type { Store } from '../stores/store.ts';
import type { VolumeSurvey } from '../volumes/index.ts';

/** The files of a checkpoint, by their plan paths. */
export interface CheckpointFiles {
  compose: string;
  env?: string;
}

/** What is known about checkpoints, those that are to come and the active one. */
export interface CheckpointSight {
  composeVersion(context: EffectContext): Promise<string>;
  /** What Compose makes of a sealed checkpoint. Throws `PlanInvalid` when it does not accept it. */
  modelOf(context: EffectContext, files: CheckpointFiles): Promise<ComposeModel>;
  /** What bringing the stack to a sealed checkpoint would do, and what is in its way. */
  predict(context: EffectContext, files: CheckpointFiles): Promise<Prediction>;
  /** How the active files differ from what the last checkpoint put there, one line each; empty where they do not. */
  drift(context: EffectContext): Promise<string[]>;
}

/** What a preflight may use to look. It changes nothing. */
export interface Surroundings {
  context: EffectContext;
  engine: DockerEngine;
  checkpoints: CheckpointSight;
  instruments: Instruments;
  withStore: <T>(store: string, work: (opened: Store) => Promise<T>) => Promise<T>;
  /** Looks at each volume once. */
  survey: (volume: string) => Promise<VolumeSurvey>;
}

/** One way in which a condition does not hold, or how it does. */
export interface Finding {
  holds: boolean;
  detail: string;
  hint?: string;
}

export const holds = (detail: string): Finding => ({ holds: true, detail });
export const lacks = (detail: string, hint: string): Finding => ({ holds: false, detail, hint });

/** One kind of condition. What it throws does not hold either. */
export type Look<K extends PreflightCheck['check']> = (
  check: Extract<PreflightCheck, { check: K }>,
  surroundings: Surroundings,
) => Promise<Finding>;
