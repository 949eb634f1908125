import { defineVerb } from '../command-line/verb.ts';

export const measure = defineVerb<{ live?: boolean }>({
  name: 'measure',
  group: 'Records',
  summary: 'what the services of a target use: as each phase measured it, or now',
  details:
    'Each completed phase leaves a measurement in the records of the target (resources/PHASE.json). Measure under load, not idle.',
  examples: [
    ['switchback measure', 'all phases, side by side'],
    ['switchback measure api-v2', 'one phase, service by service'],
    ['switchback measure --live', 'now'],
  ],
  declare: (command) => command.argument('[phase]', 'one phase').option('--live', 'measure now, without keeping it'),
  async run(options, context, [phase]) {
    const [{ locate }, { measureNow, readMeasurements }, { measurementPage, measurementsPage }] = await Promise.all([
      import('../settings/locate.ts'),
      import('../runs/measurements.ts'),
      import('../rendering/measurement-page.ts'),
    ]);
    const { target } = await locate(options, context);
    if (options.live) {
      const now = await measureNow(target, context.signal);
      return { data: { target, measurement: now }, lines: (page) => measurementPage(now, page) };
    }
    const kept = await readMeasurements(target, context.settings, phase);
    return {
      data: { target, measurements: kept },
      lines: (page) =>
        phase === undefined ? measurementsPage(kept, page) : kept.flatMap((one) => measurementPage(one, page)),
      ...(kept.length === 0 && {
        next: [{ type: `switchback measure${context.sameFlags} --live`, why: 'measure now' }],
      }),
    };
  },
});
