import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { EffectContext, EffectHandler, Performed, Prepared, Progress } from '../../../activities/effect.ts';
import type { CompiledPlan, RepositoryRef } from '../../../runbook/compiled-plan.ts';
import { resolveSecrets } from '../../../activities/perform/secrets.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { JsonObject } from '../../../runbook/json.ts';
import type { OperationInputs, OperationKind } from '../../../runbook/operations.ts';

/** What one operation is run with. Its journal is a file in `root`, so that it outlives a killed process. */
export interface OperationSetting {
  root: string;
  target: string;
  runId: string;
  operationId: string;
  project: string;
  protect?: CompiledPlan['protect'];
  /** Secret references in it are files below `root`. */
  repository?: RepositoryRef;
  encrypt?: CompiledPlan['encrypt'];
  attempt?: number;
  stores?: CompiledPlan['stores'];
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  fence?: () => Promise<void>;
}

interface Journal {
  identities: Record<string, string>;
  prepared: Record<string, Prepared>;
  receipts: Record<string, JsonObject>;
}

async function readJournal(root: string): Promise<Journal> {
  const text = await readFile(join(root, 'journal.json'), 'utf8').catch(() => undefined);
  return text === undefined ? { identities: {}, prepared: {}, receipts: {} } : (JSON.parse(text) as Journal);
}

async function change(root: string, edit: (journal: Journal) => void): Promise<void> {
  const journal = await readJournal(root);
  edit(journal);
  await writeFile(join(root, 'journal.json'), JSON.stringify(journal));
}

export async function contextOf<K extends OperationKind>(
  kind: K,
  input: OperationInputs[K],
  setting: OperationSetting,
) {
  const { root, target, runId, operationId } = setting;
  const home = {
    root,
    journal: join(root, 'journal.jsonl'),
    content: join(root, 'content'),
    points: join(root, 'points'),
    records: join(root, 'records'),
    scratch: join(root, 'scratch'),
    runs: join(root, 'runs'),
  };
  for (const folder of [home.points, home.records, home.scratch]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const stack = {
    directory: root,
    project: setting.project,
    compose: 'docker-compose.yml',
    switchBy: 'copy',
    host: 'here',
  };
  const context = {
    target,
    runId,
    operation: { id: operationId, kind, input, timeoutSeconds: 120, phase: 'p', stage: 'backup' },
    attempt: 1,
    epoch: 1,
    plan: {
      ...{ target, stack, stores: setting.stores ?? {}, protect: setting.protect ?? [] },
      ...(setting.repository && { repository: setting.repository }),
      ...(setting.encrypt && { encrypt: setting.encrypt }),
    },
    home,
    signal: setting.signal ?? new AbortController().signal,
    progress: (progress: Progress) => setting.onProgress?.(progress),
    fence: setting.fence ?? (async () => undefined),
    sealed: async (path: string) => {
      throw new SwitchbackError('PlanInvalid', `${path} was not sealed`);
    },
    secret: (template: string) => resolveSecrets(template, stack, { environment: {}, allowed: [] }),
    factsOf: async (operation: string, run = runId) =>
      run === runId ? (await readJournal(root)).receipts[operation] : undefined,
    bindIdentity: (resource: string, identity: string) =>
      change(root, (journal) => {
        journal.identities[resource] = identity;
      }),
    identityOf: async (resource: string) => (await readJournal(root)).identities[resource],
    log: () => undefined,
  };
  return context as unknown as EffectContext<K>;
}

/** One attempt of an operation, as the worker makes it: prepare once, observe, act, write the receipt. */
export async function attempt<K extends OperationKind>(
  handler: EffectHandler<K>,
  kind: K,
  input: OperationInputs[K],
  setting: OperationSetting,
): Promise<Performed & { observed: string }> {
  const context = await contextOf(kind, input, setting);
  const known = (await readJournal(setting.root)).prepared[setting.operationId];
  const prepared = known ?? (await handler.prepare(input, context));
  await change(setting.root, (journal) => {
    journal.prepared[setting.operationId] = prepared;
  });
  const observed = await handler.observe(input, context, prepared);
  if (observed === 'unknown') throw new SwitchbackError('EffectUnknown', 'cannot be told');
  const performed = await handler.perform(input, context, prepared);
  await change(setting.root, (journal) => {
    journal.receipts[setting.operationId] = performed.facts;
  });
  return { ...performed, observed, undo: performed.undo ?? prepared.undo };
}
