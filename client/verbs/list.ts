import { defineVerb } from '../command-line/verb.ts';

export const list = defineVerb({
  name: 'list',
  group: 'Records',
  summary: 'all targets that this machine or the server knows',
  examples: [['switchback list', 'journals on this machine, and runs on the server']],
  async run(_options, context) {
    const [{ listTargets }, { connect }, { table }, { formatMoment }] = await Promise.all([
      import('../runs/list-runs.ts'),
      import('../temporal/connection.ts'),
      import('../rendering/table.ts'),
      import('../rendering/duration.ts'),
    ]);
    const { targets, withoutServer } = await listTargets(context.settings, connect);
    const columns = [
      { title: 'target' },
      { title: 'state' },
      { title: 'run' },
      { title: 'plan', gives: true },
      { title: 'runs', align: 'right' as const },
      { title: 'started' },
      { title: 'known by' },
    ];
    return {
      data: { targets, withoutServer: withoutServer ?? null },
      lines: (page) => [
        ...(targets.length === 0
          ? ['no target is known']
          : table(
              columns,
              targets.map((one) => [
                one.target,
                one.state,
                one.runId ?? '',
                one.plan ?? one.problem ?? '',
                String(one.runs),
                one.startedAt === undefined ? '' : formatMoment(one.startedAt),
                one.from,
              ]),
              page,
            )),
        ...(withoutServer === undefined ? [] : ['', page.style.yellow(`without the server: ${withoutServer}`)]),
      ],
      next:
        targets.length === 0
          ? [{ type: 'switchback init', why: 'write a plan for the Compose project in this folder' }]
          : [{ type: `switchback status --target ${targets[0]!.target}`, why: 'where it stands' }],
    };
  },
});
