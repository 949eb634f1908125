import type { ProtectedResource } from '../../runbook/compiled-plan.ts';
import type { StoreRef } from '../../runbook/stores/index.ts';
import type { Progress } from '../effect.ts';
import type { Encryption } from '../encryption/index.ts';

/** For whom, and with what, a store is opened: one attempt of one operation. */
export interface StoreUse {
  /** Name of the store in the plan. */
  store: string;
  ref: StoreRef;
  /** The stack's own, absolute: paths in a plan are relative to it. */
  directory: string;
  /** Compose project of the stack. */
  project: string;
  /** Name of the plan: what its own steps have made is not what it protects. */
  plan: string;
  protect: readonly ProtectedResource[];
  target: string;
  run: string;
  operation: string;
  epoch: number;
  attempt: number;
  /** How long one statement or tool may take, in milliseconds. */
  timeoutMs: number;
  /** A folder for passing things; may not exist yet. */
  scratch: string;
  signal: AbortSignal;
  progress(progress: Progress): void;
  fence(): Promise<void>;
  secret(template: string): Promise<string>;
  /** Of the recovery points that are written and read. */
  encryption: Encryption;
  log(message: string): void;
}
