import { join } from 'node:path';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { pairsInEnvText } from '../../runbook/masking/env-text.ts';
import { secretsInSql } from '../../runbook/masking/secret-values.ts';
import { storeKindOf, type StoreRef } from '../../runbook/stores/index.ts';
import { learnNames, learnPairs, learnSecrets } from './known-secrets.ts';
import { learnFromEnvFile, learnFromText } from './learn-from-files.ts';

/** Learns what stands on disk now: the active env file, and those of all checkpoints. */
export async function learnFromStack(plan: CompiledPlan): Promise<void> {
  const { directory } = plan.stack;
  for (const path of envPaths(plan)) await learnFromEnvFile(join(directory, path));
}

/** Learns what a plan holds, and what its files held when they were sealed. */
export async function learnFromPlan(
  plan: CompiledPlan,
  sealed?: (path: string) => Promise<Buffer | undefined>,
): Promise<void> {
  learnNames(namesIn(plan));
  for (const text of statementsIn(plan)) learnSecrets(...secretsInSql(text));
  const envs = envPaths(plan);
  for (const path of plan.files) {
    const text = (await sealed?.(path).catch(() => undefined))?.toString('utf8');
    if (text === undefined) continue;
    if (envs.has(path)) learnPairs(pairsInEnvText(text));
    else await learnFromText(path, text, plan.stack.directory);
  }
}

function envPaths({ stack, baseline, phases, files }: CompiledPlan): Set<string> {
  const named = [stack.env, baseline.env, ...phases.map(({ checkpoint }) => checkpoint?.env)];
  const likely = files.filter((path) => /(?:^|[/.])env(?:[.\d_-]|$)/i.test(path));
  return new Set([...named, ...likely].filter((path) => path !== undefined));
}

function namesIn(plan: CompiledPlan): string[] {
  const { stack, stores, protect, phases } = plan;
  return [
    ...[plan.name, plan.target, plan.homeHost, stack.project, stack.host],
    ...Object.entries(stores).flatMap(([name, ref]) => [name, ...namesOf(ref)]),
    ...protect.flatMap((resource) => Object.values(resource).filter((each) => typeof each === 'string')),
    ...phases.map(({ id }) => id),
    ...plan.files,
  ].filter((name) => name !== undefined);
}

/** All texts of a store's reference that hold no secret. */
function namesOf(ref: StoreRef): string[] {
  const secrets = storeKindOf(ref).secrets(ref);
  return Object.values(ref).filter((each): each is string => typeof each === 'string' && !secrets.includes(each));
}

/** SQL that stands in the plan itself. */
function statementsIn(plan: CompiledPlan): string[] {
  const operations = [
    ...plan.before,
    ...plan.phases.flatMap(({ stages }) => stages.flatMap((stage) => stage.operations)),
  ];
  return operations.flatMap(({ kind, input, undo }) => (kind === 'applySql' ? textsIn([input, undo]) : []));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.includes("'") ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
