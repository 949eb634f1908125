import { defineVerb } from '../command-line/verb.ts';

export const down = defineVerb({
  name: 'down',
  group: 'This machine',
  summary: 'stop what `up` started',
  details:
    'Runs that are under way wait, and go on at the next `switchback up`. Nothing that others started is touched.',
  examples: [['switchback down', 'the worker first, then the server']],
  async run(_options, context) {
    const { takeDown } = await import('../local/up.ts');
    const ended = await takeDown(context.settings.home, (line) => context.note(line));
    return {
      data: { ended },
      lines: () => [ended.length === 0 ? 'nothing that `up` started was running' : `ended: ${ended.join(', ')}`],
      next: [{ type: 'switchback up', why: 'start them again; runs go on where they were' }],
    };
  },
});
