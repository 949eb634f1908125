import { exitCodes } from '../command-line/answer.ts';
import { defineVerb } from '../command-line/verb.ts';

const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export const worker = defineVerb<{ stack?: string[]; host?: string }>({
  name: 'worker',
  group: 'This machine',
  summary: 'run a worker in this terminal',
  details:
    'The worker does the work of one host (SWITCHBACK_HOST, default: local). Plans may refer to variables of the env file that is active, to those of its environment that SWITCHBACK_SECRETS lists, and to files in the folders of SWITCHBACK_SECRET_FOLDERS (/run/secrets, /etc/switchback and the stack). It serves only stacks below the folders that it is given: --stack, SWITCHBACK_STACKS, or this folder.',
  examples: [['switchback worker --stack /srv/shop', 'serve one stack']],
  declare: (command) =>
    command
      .option('--stack <folder>', 'serve stacks in this folder; may be repeated', collect)
      .option('--host <name>', 'the host that plans call this machine (SWITCHBACK_HOST, default: local)'),
  async run(options, context) {
    const { runWorker, withHost } = await import('../local/worker.ts');
    const code = await runWorker(options.stack, { ...context, env: withHost(context.env, options.host) });
    return code === 0 ? undefined : { data: { exitCode: code }, lines: () => [], exitCode: code || exitCodes.bug };
  },
});
