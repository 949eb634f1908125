import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { guardSql, sqlMakes } from '../../runbook/guard/index.ts';
import type { Operation } from '../../runbook/operations.ts';
import { loadSqlParser } from '../sql/index.ts';

/**
 * Looks at the SQL of a plan once more, with the worker's own eyes and in the contents that were just sealed: a client may be older,
 * or have read other files. What cannot be read in a text is compared inside each step's transaction.
 * @throws SwitchbackError `Protected` that names the operation and the resource.
 */
export async function guardPlan(plan: CompiledPlan, sealed: (path: string) => Promise<Buffer>): Promise<void> {
  const parser = await loadSqlParser();
  const made = new Map<string, Set<string>>();
  for (const operation of plan.phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations))) {
    if (operation.kind !== 'applySql') continue;
    const { store, transactional } = operation.input;
    const ours = made.get(store) ?? new Set<string>();
    made.set(store, ours);
    const text = await textOf(operation, sealed);
    const finding = guardSql(text, plan.protect, store, { transactional, made: ours }, parser).find(
      ({ severity }) => severity === 'error',
    );
    if (finding) {
      throw new SwitchbackError(
        'Protected',
        `${operation.id}: ${finding.message}`,
        finding.hint === undefined ? {} : { hint: finding.hint },
      );
    }
    for (const name of sqlMakes(text, parser)) ours.add(name);
  }
}

async function textOf(
  { input }: Extract<Operation, { kind: 'applySql' }>,
  sealed: (path: string) => Promise<Buffer>,
): Promise<string> {
  const { source } = input;
  if ('statement' in source) return source.statement;
  if ('file' in source) return (await sealed(source.file)).toString('utf8');
  throw new SwitchbackError('PlanInvalid', 'a plan names SQL by file or statement, never by digest');
}
