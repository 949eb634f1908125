import type { Check, CheckResult, Verdict } from '../../runbook/checks.ts';
import type { DockerEngine } from '../docker/index.ts';

/** What a check may use to measure. */
export interface Instruments {
  engine: DockerEngine;
  /** Compose project of the stack. */
  project: string;
  /** Short ids of containers that a checkpoint has stopped and keeps for the way back. */
  setAside?(): Promise<ReadonlySet<string>>;
  /** Where an address really leads, where that is another place than it says. */
  reach?(url: string, signal: AbortSignal): Promise<string>;
  /** The single value of a query that may only read, as text. */
  query(store: string, sql: string, signal: AbortSignal): Promise<string>;
  /** Runs a command in a one-shot container of a service's image, on the service's networks. */
  run(request: CommandRequest, signal: AbortSignal): Promise<{ exitCode: number; log: string }>;
}

export interface CommandRequest {
  service: string;
  argv: string[];
  timeoutSeconds: number;
}

/** What a measurement found. What throws is an `error`: nothing was measured. */
export interface Finding {
  verdict: Exclude<Verdict, 'error'>;
  detail: string;
}

/** One kind of check: one file of this folder, one line in `run-check.ts`. */
export type Measure<K extends Check['kind']> = (
  check: Extract<Check, { kind: K }>,
  instruments: Instruments,
  signal: AbortSignal,
) => Promise<Finding>;

export type { Check, CheckResult };
