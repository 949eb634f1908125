import { defineVerb } from '../command-line/verb.ts';

export const pause = defineVerb<{ reason?: string }>({
  name: 'pause',
  group: 'An operator says',
  summary: 'stop before the next operation',
  details: 'What is under way is finished; nothing new begins until `switchback resume`.',
  examples: [['switchback pause --reason "disk is filling up"', 'stop, and say why in the record']],
  declare: (command) => command.option('--reason <text>', 'why, for the record'),
  async run({ reason, ...options }, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    return say(
      { command: 'pause', by: operator(context.env), ...(reason !== undefined && { reason }) },
      options,
      context,
    );
  },
});
