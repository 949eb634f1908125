import { defineVerb } from '../command-line/verb.ts';

export const abort = defineVerb<{ reason: string }>({
  name: 'abort',
  group: 'An operator says',
  summary: 'end the run and leave everything as it is',
  details:
    'Nothing is taken back; `switchback rollback` can still do so, also later. A rollback that is given up leaves the target inconsistent.',
  examples: [['switchback abort --reason "window is over"', 'stop here']],
  declare: (command) => command.requiredOption('--reason <text>', 'why, for the record'),
  async run({ reason, ...options }, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    return say({ command: 'abort', by: operator(context.env), reason }, options, context);
  },
});
