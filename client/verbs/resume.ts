import { defineVerb } from '../command-line/verb.ts';

export const resume = defineVerb({
  name: 'resume',
  group: 'An operator says',
  summary: 'go on after a pause, or with a parked rollback once its cause is gone',
  examples: [['switchback resume', 'go on']],
  async run(options, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    return say({ command: 'resume', by: operator(context.env) }, options, context);
  },
});
