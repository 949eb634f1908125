import { defineVerb } from '../command-line/verb.ts';

export const plan = defineVerb({
  name: 'plan',
  group: 'Plans',
  summary: 'exactly what would run, and how each step is taken back',
  details:
    'Every operation with its undo, what cannot be undone and why, backups, approvals and budget. Nothing is touched and nobody is asked: it needs neither Docker nor Temporal.',
  examples: [
    ['switchback plan', 'the plan in this folder'],
    ['switchback plan --json | jq .phases[].noWayBack', 'for a review'],
  ],
  declare: (command) => command.argument('[plan]', 'the plan file'),
  async run(options, context, [file]) {
    const [{ readValidPlan }, { describePlan }, { renderPlan }, { plainStyle }, { renderIssues }] = await Promise.all([
      import('../settings/read-valid-plan.ts'),
      import('../../runbook/compile.ts'),
      import('../plan-file/render-plan.ts'),
      import('../rendering/style.ts'),
      import('../plan-file/render-issues.ts'),
    ]);
    const { compiled, warnings } = await readValidPlan(options, context, file);
    const description = describePlan(compiled);
    return {
      data: { ...description, issues: warnings },
      lines: (page) => [
        ...renderPlan(description, page),
        ...(warnings.length === 0 ? [] : ['', renderIssues(warnings, { color: page.style !== plainStyle })]),
      ],
      next: [{ type: `switchback start${context.sameFlags}`, why: 'run it' }],
    };
  },
});
