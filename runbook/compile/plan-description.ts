import type { CompiledPlan } from '../compiled-plan.ts';
import type { Stage } from '../operations.ts';

/** How an operation is taken back, for a reader. */
export interface UndoDescription {
  by: 'operation' | 'keeping' | 'nothing' | 'impossible';
  summary: string;
  /** It discards data and runs only with `--discard-data`; what was added stays otherwise. */
  lossy: boolean;
  /** Why there is no way back. */
  cause?: string;
}

export interface OperationDescription {
  id: string;
  kind: string;
  summary: string;
  /** What it touches, e.g. `replace service:api`. */
  effects: string[];
  /** Conditions and checks that it looks at, one line each. */
  looksAt: string[];
  undo: UndoDescription;
  host: string;
  timeoutSeconds: number;
}

export interface PhaseDescription {
  id: string;
  ordinal: number;
  title: string;
  risk: string;
  optional: boolean;
  needs: string[];
  owner?: string;
  estimateSeconds?: number;
  acceptance: string[];
  checkpoint?: string;
  onFailure: 'park' | 'rollback';
  stages: { stage: Stage; operations: OperationDescription[]; approvals: string[] }[];
  /** Recovery points that it makes before it acts: `orders-expanded-store-orders`. */
  points: { id: string; of: string }[];
  approvals: string[];
  budget?: string;
  tag?: string;
  /** Its way back is tried on a clone before anything is applied. */
  rehearses: boolean;
  /** Operations that cannot be taken back, and why: past them the only ways are forward or a restore. */
  noWayBack: { operation: string; summary: string; cause: string }[];
  /** Undos that would discard data, and therefore do not run by themselves. */
  discards: { operation: string; summary: string }[];
  /** Database credentials are within reach of these: what they do is detected, not prevented. */
  unwatched: { operation: string; summary: string }[];
}

/** Everything that would happen, and the way back from each of it, as data. */
export interface PlanDescription {
  name: string;
  title: string;
  target: string;
  digest: string;
  stack: { directory: string; project: string; compose: string; env?: string; switchBy: string; host: string };
  stores: { name: string; kind: string; reachedBy: string }[];
  protect: string[];
  /** Where recovery points go. */
  repository: string;
  baseline: { compose: string; env?: string; tag?: string; services?: number; checks: string[] };
  objectives: CompiledPlan['objectives'] & { total: number };
  contacts: CompiledPlan['contacts'];
  proofAgeSeconds: number;
  before: OperationDescription[];
  phases: PhaseDescription[];
  totals: { operations: number; approvals: number; points: number; noWayBack: number; discards: number };
}
