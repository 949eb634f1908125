import { defineVerb } from '../command-line/verb.ts';

export const reject = defineVerb<{ role: string; reason: string }>({
  name: 'reject',
  group: 'An operator says',
  summary: 'say no to what the run waits for',
  details: 'The run parks; retry asks again, rollback goes back.',
  examples: [['switchback reject --role tech-lead --reason "error rate too high"', 'the run parks']],
  declare: (command) =>
    command
      .requiredOption('--role <role>', 'the role in which you speak')
      .requiredOption('--reason <text>', 'why, for the record'),
  async run({ role, reason, ...options }, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    return say({ command: 'reject', by: operator(context.env), role, reason }, options, context);
  },
});
