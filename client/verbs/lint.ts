import { defineVerb } from '../command-line/verb.ts';

export const lint = defineVerb({
  name: 'lint',
  group: 'Plans',
  summary: 'check a plan and every file that it names',
  details:
    'All mistakes at once, each with its place, and what to do about it. Exits with 3 when the plan cannot be run. Needs neither Docker nor Temporal.',
  examples: [
    ['switchback lint', 'the plan in this folder'],
    ['switchback lint migrations/k2.yml --json', 'for an editor or a CI job'],
  ],
  declare: (command) => command.argument('[plan]', 'the plan file'),
  async run(options, context, [file]) {
    const [{ readValidPlan }, { renderIssues }, { plainStyle }, { plural }] = await Promise.all([
      import('../settings/read-valid-plan.ts'),
      import('../plan-file/render-issues.ts'),
      import('../rendering/style.ts'),
      import('../rendering/quantity.ts'),
    ]);
    const plan = await readValidPlan(options, context, file);
    const { name, target, before, phases, digest } = plan.compiled;
    const ofPhases = phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
    const operations = before.length + ofPhases.length;
    return {
      data: {
        ok: true,
        file: plan.file,
        name,
        target,
        digest,
        phases: phases.map((phase) => phase.id),
        operations,
        issues: plan.warnings,
      },
      lines: ({ style }) => [
        ...(plan.warnings.length === 0 ? [] : [renderIssues(plan.warnings, { color: style !== plainStyle }), '']),
        `${style.green('ok')} ${plan.file}: ${name} against ${target}, ${plural(phases.length, 'phase')}, ${plural(operations, 'operation')}`,
      ],
      next: [
        { type: `switchback plan${context.sameFlags}`, why: 'see exactly what would run, and how it is taken back' },
      ],
    };
  },
});
