import type { Acceptance } from '../../activities/break-glass/index.ts';
import { exitCodes, type Answer } from '../command-line/answer.ts';
import { withFlags } from './next-steps.ts';

/** What became of a break-glass script's work, and what to type next. */
export function acceptedAnswer(acceptance: Acceptance, sameFlags: string): Answer {
  const { target, run, to, accepted, left, files } = acceptance;
  const complete = left.length === 0;
  const next = complete
    ? { type: 'switchback start', why: 'run the plan again; phases that stand are not repeated' }
    : { type: `switchback rollback --to ${to} --reason "…"`, why: 'take back what is left' };
  return {
    data: { ...acceptance, complete },
    lines: ({ style }) => [
      complete
        ? `${style.bold(target)} is at ${style.bold(to)}: the journal knows what the script did, as run ${run}`
        : style.yellow(`the journal knows a part of what the script was to do, as run ${run}`),
      ...accepted.map(({ summary, proof }) => `  ${style.green('proven')}  ${summary} ${style.dim(`(${proof})`)}`),
      ...left.map(({ summary, why }) => `  ${style.red('left')}    ${summary}: ${why}`),
      ...files.filter((file) => file.endsWith('.md')).map((file) => style.dim(file)),
    ],
    next: [{ ...next, type: withFlags(next.type, sameFlags) }],
    exitCode: complete ? exitCodes.ok : exitCodes.needsPerson,
  };
}
