import type { BreakGlassInput } from './input.ts';
import { knownContents } from './known-contents.ts';
import { assignments, comment, oneLine, quote } from './quote.ts';
import { stepOf } from './step-of.ts';
import { renderStep, type Step } from './step.ts';

/** The steps of a script: those of the rollback, but tags at the very end: one that needs a person must hold up nothing else. */
export function breakGlassSteps(input: BreakGlassInput): Step[] {
  const [tags, others] = [true, false].map((wanted) =>
    input.rollback.operations.filter(({ kind }) => (kind === 'removeTag') === wanted),
  );
  return [...others!, ...tags!].map((operation) => stepOf(operation, input));
}

/**
 * Writes a rollback as a shell script that needs neither Temporal nor a worker nor Switchback. Pure: equal inputs give equal texts.
 * @throws SwitchbackError `IntegrityFailed` when the journal does not say what to go back to
 */
export function renderBreakGlass(input: BreakGlassInput): string {
  const steps = breakGlassSteps(input);
  const has = (kind: Step['kind']) => steps.some((step) => step.kind === kind);
  const { journal, files, stack, postgres, tags, checks, main } = input.shell;
  const parts = [
    ...[journal, files, stack],
    ...(has('sql') ? [postgres] : []),
    ...(has('tag') ? [tags] : []),
    ...(has('checks') ? [checks] : []),
    main,
  ];
  return [
    opening(input, steps),
    settings,
    assignments(valuesOf(input, steps)),
    ...steps.map((step, index) => renderStep(step, index + 1)),
    ...parts,
  ].join('\n\n');
}

const settings = 'set -euo pipefail\nshopt -s inherit_errexit globstar nullglob\nexport LC_ALL=C TZ=UTC0\numask 077';

function opening({ target, state, rollback }: BreakGlassInput, steps: readonly Step[]): string {
  const numbered = steps.map(
    ({ kind, title }, index) => `  ${index + 1}. ${kind === 'manual' ? 'BY HAND: ' : ''}${title}`,
  );
  const kept = rollback.kept.map(({ summary, why }) => `  - ${summary}: ${why}`);
  const lines = [
    '',
    `BREAK GLASS: takes ${target} back to ${rollback.to} with nothing but a shell.`,
    'For the day on which neither Temporal nor Switchback runs any more. While they do, type: switchback rollback',
    '',
    '  bash THIS_FILE --dry-run    look first: every step, and what is in its way',
    '  bash THIS_FILE              asks once, then goes back; kill it whenever you must, and run it again',
    '',
    `Written from line ${state.seq} of the journal; it refuses when the journal has gone on. Undone, in this order:`,
    ...numbered,
    'What stays as it is:',
    ...(kept.length > 0 ? kept : ['  - nothing else was done']),
  ];
  return `#!/usr/bin/env bash\n${comment(lines)}`;
}

function valuesOf(input: BreakGlassInput, steps: readonly Step[]): Record<string, string> {
  const { target, run, plan, state, rollback, request, home } = input;
  return {
    target,
    run,
    plan: plan.name,
    line: String(state.seq),
    epoch: String(state.epoch),
    holder: state.holder ? `${state.holder.workflowId} ${state.holder.workflowRunId}` : '',
    destination: rollback.to,
    request: requestWords(request),
    home: home.root,
    key_file: home.keyFile,
    stack: plan.stack.directory,
    project: plan.stack.project,
    compose_file: plan.stack.compose,
    env_file: plan.stack.env ?? '',
    known: knownContents(state, plan).join(' '),
    ours: (state.identities.get('containers') ?? '').replaceAll(',', ' '),
    steps: String(steps.length),
  };
}

/** A request as the script's log carries it, and as `--accept` reads it again. */
export const requestWords = ({ to, restoreData, discardData }: BreakGlassInput['request']) =>
  [
    `to=${typeof to === 'string' ? to : `phase:${to.phase}`}`,
    ...(restoreData ? ['restore-data'] : []),
    ...(discardData ? ['discard-data'] : []),
  ].join(' ');

/** A script for a target that cannot be taken back, or has nothing to take back: it says why, so that nobody runs an old one. */
export function renderNoWayBack(target: string, seq: number, exitCode: number, why: string, hint: string): string {
  const told = [`${target}: ${why}`, hint].map((text) => quote(oneLine(text))).join(' ');
  return `#!/usr/bin/env bash\n${comment([`${target}, as of line ${seq} of its journal: ${why}`])}\nprintf '%s\\n' ${told} >&2\nexit ${exitCode}\n`;
}
