import { exitCodes } from '../command-line/answer.ts';
import { defineVerb } from '../command-line/verb.ts';

export const status = defineVerb({
  name: 'status',
  group: 'A run',
  summary: 'where the run stands, what it waits for, and what to type',
  details:
    'Asks the run itself; where Temporal or the worker does not answer, the journal on this machine is shown, with its age.\nExits with 7 when somebody is needed, 0 otherwise.',
  examples: [
    ['switchback status', 'in the folder of the plan'],
    ['switchback status --target shop --json | jq .status.state', 'for scripts'],
  ],
  async run(options, context) {
    const [{ readStatus }, { connect }, { locate }, { nextSteps, needsPerson }, { statusPage }, { readRestorable }] =
      await Promise.all([
        import('../runs/read-status.ts'),
        import('../temporal/connection.ts'),
        import('../settings/locate.ts'),
        import('../runs/next-steps.ts'),
        import('../rendering/status-page.ts'),
        import('../runs/restorable.ts'),
      ]);
    const { target } = await locate(options, context);
    const report = await readStatus(target, context.settings, connect);
    if (!report) {
      return {
        data: { target, status: null },
        lines: () => [`nothing has run against ${target} yet`],
        next: [
          { type: `switchback plan${context.sameFlags}`, why: 'see exactly what would run' },
          { type: `switchback start${context.sameFlags}`, why: 'go' },
        ],
      };
    }
    const { recovery } = report.status;
    const restorable = recovery && (await readRestorable(target, recovery, context.settings));
    const needed = needsPerson(report.status) || report.ended !== undefined;
    return {
      data: {
        target,
        source: report.source,
        asOf: report.asOf,
        because: report.because ?? null,
        needsPerson: needed,
        ended: report.ended ?? null,
        ui: report.ui,
        status: report.status,
        restorable: restorable?.map(({ resource, promise }) => ({ resource, promise: promise ?? null })) ?? null,
      },
      lines: (page) => statusPage(report, page, { now: new Date(), ...(restorable && { restorable }) }),
      next: nextSteps(report.status, context.sameFlags),
      exitCode: needed ? exitCodes.needsPerson : exitCodes.ok,
    };
  },
});
