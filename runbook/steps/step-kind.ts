import { z } from 'zod';
import type { ProtectedResource, StackRef } from '../compiled-plan.ts';
import type { Effect, OperationInputs, OperationKind, Undo } from '../operations.ts';
import type { SqlParser } from '../guard/sql-parser.ts';
import type { ComposeFacts } from '../plan/compose-facts.ts';
import { duration } from '../plan/duration.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';
import { line } from '../plan/name.ts';
import type { NamedFile, PlanFiles } from '../plan/plan-files.ts';
import { saying } from '../plan/saying.ts';
import type { ClusterRef } from '../platforms/kubernetes.ts';
import type { StoreRef } from '../stores/index.ts';

/** What every kind of step may say beside its own keys. */
export const stepOptions = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is not an id')
    .exactOptional()
    .describe('A name that later steps of the phase can need.'),
  title: line.exactOptional().describe("The step in the operator's words."),
  needs: z.array(z.string()).default([]).describe('Steps of the same phase that come before.'),
  timeout: saying(duration, 'How long one attempt may take.').exactOptional(),
};

/** The checkpoint that is active when a step runs. */
export interface ActiveCheckpoint {
  name: string;
  compose: string;
  env?: string;
  /** Undefined when the file could not be read; that is reported elsewhere. */
  facts: ComposeFacts | undefined;
}

/** What a step may know of the plan around it. */
export interface StepContext {
  phase: string;
  /** Where the step stands in the plan. */
  path: PlanPath;
  stack: StackRef;
  stores: Record<string, StoreRef>;
  clusters: Record<string, ClusterRef>;
  protect: readonly ProtectedResource[];
  files: PlanFiles;
  /** Reads SQL. */
  sql: SqlParser;
  active: ActiveCheckpoint;
  baseline: ActiveCheckpoint;
  /** Recovery points of stores that the phase makes before its steps run. */
  points: readonly string[];
}

/** An operation without what compile adds: id, version, phase, stage and host. */
export type OperationDraft<K extends OperationKind = OperationKind> = {
  [Kind in K]: {
    kind: Kind;
    summary: string;
    input: OperationInputs[Kind];
    effects: Effect[];
    undo: Undo;
    timeoutSeconds: number;
  };
}[K];

/**
 * One kind of step: everything about it. Pure; a new kind is a file with one of these and a line in `index.ts`.
 */
export interface StepKind<Schema extends z.ZodType = z.ZodType> {
  /** The key that says that a step is of this kind. */
  key: string;
  schema: Schema;
  /** Files that must be read, and are sealed, because the step names them. */
  files(step: z.output<Schema>, path: PlanPath): NamedFile[];
  /** Mistakes that the schema cannot see. */
  validate(step: z.output<Schema>, context: StepContext): Finding[];
  /** The operations that do it, each with its undo. Called only when nothing of the plan is wrong. */
  expand(step: z.output<Schema>, context: StepContext): OperationDraft[];
  /** The step in one line. */
  describe(step: z.output<Schema>): string;
  /** The checkpoint that is active after the step, when it changes it. */
  activates?(step: z.output<Schema>, context: StepContext): ActiveCheckpoint;
}

/** Keeps the step's type from its schema to its functions. */
export function defineStep<Schema extends z.ZodType>(kind: StepKind<Schema>): StepKind<Schema> {
  return kind;
}

/** At most 200 characters, the most that Temporal shows. */
export function summaryLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= 200 ? flat : `${flat.slice(0, 199)}…`;
}
