import { relative } from 'node:path';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { InvalidPlan } from '../command-line/invalid-plan.ts';
import { readPlan, type PlanIssue } from '../plan-file/index.ts';
import { planFileOf } from './locate.ts';

export interface ValidPlan {
  /** As it is shown: relative to where we are. */
  file: string;
  compiled: CompiledPlan;
  warnings: PlanIssue[];
}

/** Reads, checks and compiles the plan that is meant. @throws InvalidPlan with all that is wrong */
export async function readValidPlan(
  options: Pick<EveryOption, 'plan'>,
  context: Pick<Context, 'cwd'>,
  typed?: string,
): Promise<ValidPlan> {
  const path = planFileOf(typed === undefined ? options : { plan: typed }, context);
  const shown = relative(context.cwd, path);
  const file = shown === '' || shown.startsWith('..') ? path : shown;
  // Messages name the file as people would; so it is read from where they are.
  const reading = await readPlan(process.cwd() === context.cwd ? file : path);
  if (!reading.ok) throw new InvalidPlan(file, reading.issues);
  return { file, compiled: reading.compiled, warnings: reading.warnings };
}
