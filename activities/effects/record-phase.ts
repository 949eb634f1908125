import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

import { contentPath } from '../../journal/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import type { ProgressRow } from '../../runbook/records/progress.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { accountForData, type DataDependencies, type DataMark } from './watch-data.ts';
import { readRecord, writeProgress, writeRecord, writeRunRecords } from '../records/index.ts';

type Input = OperationInputs['recordPhase'];
type Context = EffectContext<'recordPhase'>;

/**
 * Looks what became of the data, saves the active Compose and env file as the phase's checkpoint, and writes its progress, with decisions and
 * lessons of the run so far.
 */
export function recordPhaseHandler(deps: DataDependencies): EffectHandler<'recordPhase'> {
  return {
    async prepare(_input, context) {
      for (const path of activeFiles(context)) await readActive(context, path);
      return { undo: { by: 'nothing', summary: 'records stay' }, facts: {} };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const saved = await readRecord(join(folderOf(input, context), 'checkpoint.json'));
      // Everything is written once by its key, so that going on from anywhere is safe.
      return saved === undefined ? 'absent' : 'partial';
    },

    async perform(input, context) {
      const { mark, letPass } = await lookedBefore(input, context);
      const data = await accountForData(deps, context, mark, letPass);
      const files = await saveCheckpoint(input, context);
      const row = await progressRow(input, context);
      await writeProgress(context.home, [row]);
      const written = await writeRunRecords(context.home, context.runId);
      return {
        summary: `saved ${files.join(' and ')} as checkpoint ${input.phase}, and recorded the phase as complete${data.says}`,
        facts: {
          ...data.facts,
          checkpoint: row.checkpoint ?? '',
          files,
          records: written.map((file) => basename(file)),
        },
        effect: { phase: input.phase, files },
      };
    },
  };
}

/**
 * What was protected as the phase began, unknown where preflight was skipped; and whether a person has let an operation pass that looks at
 * the data itself: what became of the data is known then, and one answer is enough.
 */
async function lookedBefore(
  { phase }: Input,
  context: Context,
): Promise<{ mark: DataMark | undefined; letPass: boolean }> {
  const operations = (context.plan.phases.find(({ id }) => id === phase)?.stages ?? []).flatMap(
    (stage) => stage.operations,
  );
  const preflight = operations.find(({ kind }) => kind === 'checkPreflight');
  const facts = preflight && (await context.factsOf(preflight.id));
  const lookers = operations.filter(({ kind }) => kind === 'applyCheckpoint' || kind === 'switchImage');
  const receipts = await Promise.all(lookers.map(({ id }) => context.factsOf(id)));
  return { mark: facts?.['mark'] as DataMark | undefined, letPass: receipts.includes(undefined) };
}

const activeFiles = ({ plan: { stack } }: Context): string[] => [
  stack.compose,
  ...(stack.env === undefined ? [] : [stack.env]),
];

const folderOf = (input: Input, context: Context) => join(context.home.records, 'checkpoints', input.phase);

/** The content of an active file, through a link where checkpoints are switched by one. Throws `PreconditionFailed`. */
async function readActive(context: Context, path: string): Promise<Buffer> {
  try {
    return await readFile(join(context.plan.stack.directory, path));
  } catch (error) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `the active file ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      { hint: 'Look at what stands there; the last checkpoint put it there.', facts: { path } },
      { cause: error },
    );
  }
}

/** Copies the active files; `checkpoint.json`, written last, says that they belong together. Returns their names. */
async function saveCheckpoint(input: Input, context: Context): Promise<string[]> {
  const folder = folderOf(input, context);
  const files: string[] = [];
  for (const path of activeFiles(context)) {
    const bytes = await readActive(context, path);
    const file = join(folder, basename(path));
    if (path === context.plan.stack.env) await linkToContent(file, await context.keep(bytes), context);
    else await writeRecord(file, bytes);
    files.push(basename(path));
  }
  const { plan } = context;
  const checkpoint = {
    format: 1,
    phase: input.phase,
    title: input.title,
    run: context.runId,
    plan: plan.name,
    planDigest: plan.digest,
    files,
  };
  await writeRecord(join(folder, 'checkpoint.json'), `${JSON.stringify(checkpoint, null, 2)}\n`);
  return files;
}

/**
 * An env file holds secrets, and records are there to be read and passed on: what stands in them is a link to the one copy, beside what was sealed.
 */
async function linkToContent(file: string, digest: string, { home }: Context): Promise<void> {
  const link = relative(dirname(file), contentPath(home.content, digest));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  await symlink(link, partial);
  await rename(partial, file);
}

async function progressRow(input: Input, context: Context): Promise<ProgressRow> {
  const { plan } = context;
  const phase = plan.phases.find(({ id }) => id === input.phase);
  const operations = (phase?.stages ?? []).flatMap((stage) => stage.operations);
  const measured = operations.find(({ kind }) => kind === 'measureResources');
  const tag = operations.find((operation) => operation.kind === 'tagCheckpoint');
  const demand = operations.find((operation) => operation.kind === 'checkBudget');
  const resources = measured === undefined ? undefined : resourcesOf(await context.factsOf(measured.id));
  const budget = demand?.kind === 'checkBudget' ? demand.input.budget : undefined;
  return {
    key: `${context.runId}/${context.operation.id}`,
    at: new Date().toISOString(),
    run: context.runId,
    plan: plan.name,
    phasesOfPlan: plan.phases.length,
    phase: input.phase,
    ordinal: phase?.ordinal ?? 0,
    title: input.title,
    state: 'completed',
    ...(resources === undefined ? {} : { resources }),
    ...(budget === undefined ? {} : { budget }),
    ...(tag?.kind === 'tagCheckpoint' ? { tag: tag.input.tag } : {}),
    checkpoint: join('checkpoints', input.phase),
  };
}

/** Totals as `measureResources` leaves them in its receipt. */
function resourcesOf(facts: JsonObject | undefined): ProgressRow['resources'] {
  const totals = facts?.['totals'] as
    { services?: number; finished?: number; cpus?: number; memory_bytes?: number } | undefined;
  if (totals === undefined) return undefined;
  return {
    ...(totals.cpus === undefined ? {} : { cpus: totals.cpus }),
    ...(totals.memory_bytes === undefined ? {} : { memoryBytes: totals.memory_bytes }),
    ...(totals.services === undefined ? {} : { services: totals.services }),
    ...(totals.finished === undefined ? {} : { finished: totals.finished }),
  };
}
