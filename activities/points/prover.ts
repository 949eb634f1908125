import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { Progress, TargetHome } from '../effect.ts';
import type { StoredPoint } from './read-point.ts';

/** What a prover found out by restoring a point into a scratch place. Throws `ValidationMismatch` when it differs. */
export interface Proven {
  /** How long the restore alone took, in milliseconds. */
  tookMs: number;
  where: string;
  /** What was compared and found equal, one line each. */
  compared: string[];
}

/** What a prover may use of the operation that asks for the proof. */
export interface ProofContext {
  target: string;
  runId: string;
  operationId: string;
  attempt: number;
  /** Of the lease; see `EffectContext.epoch`. */
  epoch: number;
  /** Says where the stack and its stores are. */
  plan: CompiledPlan;
  home: TargetHome;
  /** A folder of the operation's own for scratch data; removed afterwards. */
  scratch: string;
  /** How long the proof may take, in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
  progress(progress: Progress): void;
  /** Replaces secret references; see `EffectContext.secret`. */
  secret(template: string): Promise<string>;
  log(message: string): void;
}

/**
 * Restores points of one kind of source into a scratch place, compares what came out with what the manifest says went in, and
 * removes the scratch place again, also one that a dead attempt left.
 */
export interface PointProver {
  /** `source.kind` of the points that it proves. */
  kind: string;
  prove(point: StoredPoint, context: ProofContext): Promise<Proven>;
}
