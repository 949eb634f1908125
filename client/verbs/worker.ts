import { resolve } from 'node:path';
import { defineVerb } from '../command-line/verb.ts';

const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export const worker = defineVerb<{ stack?: string[] }>({
  name: 'worker',
  group: 'This machine',
  summary: 'run a worker in this terminal',
  details:
    'The worker does the work of one host (SWITCHBACK_HOST, default: local). Secrets that plans refer to come from its environment. It serves only stacks below the folders that it is given: --stack, SWITCHBACK_STACKS, or this folder.',
  examples: [['switchback worker --stack /srv/shop', 'serve one stack']],
  declare: (command) => command.option('--stack <folder>', 'serve stacks in this folder; may be repeated', collect),
  async run(options, context) {
    const [{ requireWorkerProgram, stacksFrom, workerEnvironment }, { pathToFileURL }] = await Promise.all([
      import('../local/worker.ts'),
      import('node:url'),
    ]);
    const program = requireWorkerProgram();
    // In this very process, so that a signal or a kill reaches the worker and not a wrapper around it.
    Object.assign(process.env, workerEnvironment(context.env, context.settings, stacksFrom(options.stack, context)));
    await import(pathToFileURL(resolve(program)).href);
    return undefined;
  },
});
