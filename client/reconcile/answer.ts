import type { ReconcileReport } from '../../runbook/activities.ts';
import { exitCodes, type Answer, type NextStep } from '../command-line/answer.ts';
import type { Page } from '../rendering/style.ts';
import { withFlags } from '../runs/next-steps.ts';
import type { ServerView } from './server-view.ts';

export interface Reconciled {
  target: string;
  server: ServerView;
  report: ReconcileReport;
  /** Workflows that were ended. */
  ended: readonly string[];
}

/** What was found and done, and what a person has to decide, with what to type. */
export function reconcileAnswer({ target, server, report, ended }: Reconciled, sameFlags: string): Answer {
  const ways = waysOn(server, report).map((step) => ({ ...step, type: withFlags(step.type, sameFlags) }));
  const lost = report.open && !server.atWork;
  const undecided = lost || !report.consistent || report.leftovers.some(({ problem }) => problem !== undefined);
  return {
    data: {
      target,
      ...report,
      workflow: server.migration?.status ?? null,
      atWork: server.atWork,
      orphans: server.orphans,
      ended,
    },
    lines: (page) => [
      `${page.style.bold(target)}: ${headline(server, report)}`,
      ...leftOutLines(report, page),
      ...leftoverLines(report, page),
      ...ended.map((id) => `ended     workflow ${id}, which nobody waited for`),
      ...(report.open ? server.orphans : []).map((id) => `at work   workflow ${id} still works for it`),
      ...report.silent.map((what) => page.style.yellow(`not asked ${what}`)),
    ],
    ...(ways.length > 0 && { next: ways }),
    exitCode: undecided ? exitCodes.needsPerson : exitCodes.ok,
  };
}

function headline(
  { migration, atWork, taskAtWork }: ServerView,
  { run, state, open, consistent }: ReconcileReport,
): string {
  if (taskAtWork)
    return 'its recovery points are being worked on; what looks left behind may be in use, and was not looked at';
  if (atWork) return `run ${run} is at work (${state}); what looks left behind may be in use, and was not looked at`;
  if (open) {
    const became = migration ? `was ${migration.status.toLowerCase()}` : 'is gone from the server';
    return `run ${run} is ${state} by its journal, and its workflow ${became}`;
  }
  if (!consistent)
    return `run ${run} ended ${state}; an undo was left out, and no new run is taken until that is made right`;
  return `run ${run} ended ${state}; journal and world agree`;
}

function leftOutLines({ leftOut }: ReconcileReport, { style }: Page): string[] {
  return leftOut.flatMap(({ run, operation, summary, undo }) => [
    style.yellow(`left out  ${summary} (${operation} of run ${run})`),
    `          it would be taken back by: ${undo}`,
  ]);
}

function leftoverLines({ leftovers }: ReconcileReport, { style }: Page): string[] {
  const words = { tidied: 'tidied  ', left: 'left    ', yours: 'yours   ' } as const;
  return leftovers.flatMap(({ what, why, state, command, problem }) => [
    `${words[state]}  ${what}: ${why}`,
    ...(problem === undefined ? [] : [style.red(`          could not be put right: ${problem}`)]),
    ...(state === 'tidied' || command === undefined ? [] : [style.dim(`          ${command}`)]),
  ]);
}

function waysOn({ atWork }: ServerView, { open, consistent, leftovers }: ReconcileReport): NextStep[] {
  if (atWork) return [{ type: 'switchback status', why: 'where it stands, and what it waits for' }];
  if (open) {
    return [
      { type: 'switchback reconcile --go-on', why: 'go on with the run from its receipts' },
      { type: 'switchback rollback --dry-run', why: 'what taking it back would do, exactly' },
      { type: 'switchback reconcile --close --reason "…"', why: 'end it, and leave everything as it is' },
    ];
  }
  const left = leftovers.some(({ state, problem }) => state === 'left' && problem === undefined);
  return [
    ...(left ? [{ type: 'switchback reconcile', why: 'put right what was left behind' }] : []),
    ...(consistent
      ? []
      : [
          { type: 'switchback history', why: 'what was done, and what was not' },
          {
            type: 'switchback reconcile --accept --reason "…" --proof-http URL',
            why: 'you have made it right, and a check proves it',
          },
        ]),
  ];
}
