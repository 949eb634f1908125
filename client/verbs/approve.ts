import { defineVerb } from '../command-line/verb.ts';

export const approve = defineVerb<{ role: string; comment?: string }>({
  name: 'approve',
  group: 'An operator says',
  summary: 'say yes to what the run waits for',
  details:
    'The approval is bound to this run and the digest of its plan. Who you are is what this machine says: recorded, not authenticated.',
  examples: [['switchback approve --role tech-lead --comment "figures looked at"', 'the run goes on at once']],
  declare: (command) =>
    command.requiredOption('--role <role>', 'the role in which you speak').option('--comment <text>', 'for the record'),
  async run({ role, comment, ...options }, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    const command = { command: 'approve' as const, by: operator(context.env), role };
    return say({ ...command, ...(comment !== undefined && { comment }) }, options, context);
  },
});
