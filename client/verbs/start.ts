import { defineVerb } from '../command-line/verb.ts';

const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export const start = defineVerb<{ without?: string[]; watch?: boolean }>({
  name: 'start',
  group: 'A run',
  summary: 'run the plan in this folder',
  details:
    'The plan and every file that it names are sealed first: edits afterwards change nothing. Phases that an earlier run completed are not repeated. One target has one run at a time; a second start is refused with 5 and a pointer to the first.\nReturns as soon as the run is on its way.',
  examples: [
    ['switchback start', 'go, and return'],
    ['switchback start --watch', 'go, and follow it live'],
    ['switchback start --without analytics', 'leave an optional phase out'],
  ],
  declare: (command) =>
    command
      .argument('[plan]', 'the plan file')
      .option('--without <phase>', 'leave this optional phase out; may be repeated', collect)
      .option('-w, --watch', 'follow the run until it ends or needs somebody'),
  async run({ without = [], watch = false, ...options }, context, [file]) {
    const [{ readValidPlan }, { requireOptional, startAndOpen }, { follow }] = await Promise.all([
      import('../settings/read-valid-plan.ts'),
      import('../runs/start-and-open.ts'),
      import('../runs/follow.ts'),
    ]);
    const { compiled, warnings, file: shown } = await readValidPlan(options, context, file);
    requireOptional(compiled, without);
    const { runSummary } = await import('../rendering/run-summary.ts');
    for (const line of runSummary(compiled, without, warnings.length, shown, context.page)) context.note(line);
    const request = { target: compiled.target, homeHost: compiled.homeHost, plan: compiled, without };
    const answer = await startAndOpen(request, context);
    if (!watch) return answer;
    return follow({ target: compiled.target, untilDone: false }, context);
  },
});
