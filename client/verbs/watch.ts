import { defineVerb } from '../command-line/verb.ts';

export const watch = defineVerb<{ untilDone?: boolean }>({
  name: 'watch',
  group: 'A run',
  summary: 'follow the run live, with bytes, rate and time left',
  details:
    'On a terminal the page is drawn in place; elsewhere each event is a line; with --json each change is a document on a line.\nEnds with 0 when the run completed, 6 when it was rolled back, 7 when somebody is needed, 130 on Ctrl-C (the run goes on).',
  examples: [
    ['switchback watch', 'until the run ends or needs somebody'],
    ['switchback watch --until-done', 'also through approvals and parked operations'],
  ],
  declare: (command) => command.option('--until-done', 'go on watching while the run waits for somebody'),
  async run(options, context) {
    const [{ follow }, { locate }] = await Promise.all([import('../runs/follow.ts'), import('../settings/locate.ts')]);
    const { target } = await locate(options, context);
    return follow({ target, untilDone: options.untilDone ?? false }, context);
  },
});
