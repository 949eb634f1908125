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
    const [{ readValidPlan }, { describePlan }, { renderPlan }, { plainStyle }, { renderIssues }, { knownWaysBack }] =
      await Promise.all([
        import('../settings/read-valid-plan.ts'),
        import('../../runbook/compile.ts'),
        import('../plan-file/render-plan.ts'),
        import('../rendering/style.ts'),
        import('../plan-file/render-issues.ts'),
        import('../runs/ways-back.ts'),
      ]);
    const { compiled, warnings } = await readValidPlan(options, context, file);
    const description = describePlan(compiled);
    const waysBack = await knownWaysBack(compiled.target, context.settings);
    return {
      data: { ...description, issues: warnings, waysBack: Object.fromEntries(waysBack) },
      lines: (page) => [
        ...renderPlan(description, page, waysBack),
        ...(warnings.length === 0 ? [] : ['', renderIssues(warnings, { color: page.style !== plainStyle })]),
      ],
      next: [{ type: `switchback start${context.sameFlags}`, why: 'run it' }],
    };
  },
});
