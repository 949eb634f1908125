import type { StackRef } from '../compiled-plan.ts';
import type { Effect } from '../operations.ts';
import { tidyPath } from '../plan/place.ts';
import type { PlanFiles } from '../plan/plan-files.ts';
import { summaryLine, type ActiveCheckpoint, type OperationDraft } from './step-kind.ts';

/** A checkpoint of the plan with what its Compose file says. */
export function readActive(name: string, refs: { compose: string; env?: string }, files: PlanFiles): ActiveCheckpoint {
  const compose = tidyPath(refs.compose);
  const file = files.get(compose, 'compose');
  return {
    name,
    compose,
    ...(refs.env === undefined ? {} : { env: tidyPath(refs.env) }),
    facts: file?.found === 'compose' ? file.facts : undefined,
  };
}

/** Makes `next` the active checkpoint; taken back by making `previous` active again. */
export function applyCheckpointDraft(
  next: ActiveCheckpoint,
  previous: ActiveCheckpoint,
  stack: StackRef,
  recreate?: string[],
): OperationDraft<'applyCheckpoint'> {
  return {
    kind: 'applyCheckpoint',
    summary: summaryLine(
      `bring the stack to ${next.name} (${next.compose}${next.env === undefined ? '' : `, ${next.env}`})`,
    ),
    input: { ...inputFor(next), ...(recreate === undefined ? {} : { recreate }) },
    effects: effectsOf(next, previous, stack),
    undo: {
      by: 'operation',
      kind: 'applyCheckpoint',
      summary: summaryLine(`bring the stack back to ${previous.name} (${previous.compose})`),
      lossy: false,
      // What the active files really hold at that moment, the worker keeps before it replaces them.
      input: { ...inputFor(previous), ...(recreate === undefined ? {} : { recreate }) },
      effects: effectsOf(previous, next, stack),
    },
    // Health checks of slow services are waited for, with the patience Compose has.
    timeoutSeconds: 1800,
  };
}

function inputFor(checkpoint: ActiveCheckpoint) {
  return {
    checkpoint: checkpoint.name,
    compose: { path: checkpoint.compose },
    ...(checkpoint.env === undefined ? {} : { env: { path: checkpoint.env } }),
  };
}

function effectsOf(next: ActiveCheckpoint, previous: ActiveCheckpoint, stack: StackRef): Effect[] {
  const before = Object.keys(previous.facts?.services ?? {});
  const after = Object.keys(next.facts?.services ?? {});
  return [
    { resource: `file:${stack.compose}`, change: 'replace' },
    ...(stack.env === undefined || next.env === undefined
      ? []
      : [{ resource: `file:${stack.env}`, change: 'replace' as const }]),
    ...after.map((name) => ({
      resource: `service:${name}`,
      change: before.includes(name) ? ('update' as const) : ('create' as const),
    })),
    ...before
      .filter((name) => !after.includes(name))
      .map((name) => ({ resource: `service:${name}`, change: 'stop' as const })),
  ];
}
