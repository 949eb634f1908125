import { defineVerb } from '../command-line/verb.ts';

export const retry = defineVerb({
  name: 'retry',
  group: 'An operator says',
  summary: 'try the operation again at which the run is parked',
  details: 'It looks first at what earlier attempts left, and does nothing twice.',
  examples: [['switchback retry', 'try again, once the cause is gone']],
  async run(options, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    return say({ command: 'retry', by: operator(context.env) }, options, context);
  },
});
