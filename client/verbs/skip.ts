import { defineVerb } from '../command-line/verb.ts';

export const skip = defineVerb<{ reason: string; operation?: string }>({
  name: 'skip',
  group: 'An operator says',
  summary: 'go on without the operation at which the run is parked',
  details:
    'Skipping an undo of a rollback leaves the target inconsistent: it takes no new run until somebody has reconciled it.',
  examples: [['switchback skip --reason "tagged by hand yesterday"', 'leave it out; the reason goes into the record']],
  declare: (command) =>
    command
      .requiredOption('--reason <text>', 'why, for the record')
      .option('--operation <id>', 'refuse if the run is parked at another one'),
  async run({ reason, operation, ...options }, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    const command = { command: 'skip' as const, by: operator(context.env), reason };
    return say({ ...command, ...(operation !== undefined && { operation }) }, options, context);
  },
});
