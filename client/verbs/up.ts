import { InvalidArgumentError } from 'commander';
import { defineVerb } from '../command-line/verb.ts';

interface Options {
  detach?: boolean;
  port?: number;
  uiPort?: number;
  stack?: string[];
  host?: string;
}

const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('Give a port between 1 and 65535.');
  return port;
}

export const up = defineVerb<Options>({
  name: 'up',
  group: 'This machine',
  summary: 'a Temporal server, its Web UI and a worker on this machine',
  details:
    'The server keeps its state in the home folder, so runs go on after a restart. Ports that are taken are replaced by free ones; the other verbs find them. With --address or TEMPORAL_ADDRESS, that server is used and only a worker is started.\nPlans may refer to variables (${env:NAME}) of the env file that is active, and to those of the environment in which this is typed that SWITCHBACK_SECRETS lists.',
  examples: [
    ['switchback up', 'until Ctrl-C; a worker that ends is started again'],
    ['SWITCHBACK_SECRETS=ORDERS_URL switchback up', 'plans may refer to ${env:ORDERS_URL}'],
    ['switchback up --detach', 'in the background, until `switchback down`'],
    ['switchback up --stack /srv/shop --stack /srv/k2', 'serve stacks of other folders than this one'],
  ],
  declare: (command) =>
    command
      .option('-d, --detach', 'return when everything is ready')
      .option('--port <port>', 'of the server (7233, else a free one)', portNumber)
      .option('--ui-port <port>', 'of the Web UI (8233, else a free one)', portNumber)
      .option('--stack <folder>', 'serve stacks in this folder; may be repeated (default: this folder)', collect)
      .option('--host <name>', 'the host that plans call this machine (SWITCHBACK_HOST, default: local)'),
  async run(options, context) {
    const [{ stacksFrom, withHost }, { runUp, detachUp }] = await Promise.all([
      import('../local/worker.ts'),
      import('../local/run-up.ts'),
    ]);
    const request = {
      settings: context.settings,
      env: withHost(context.env, options.host),
      stacks: stacksFrom(options.stack, context),
      signal: context.signal,
      tell: (line: string) => context.note(line),
      ...(options.port !== undefined && { port: options.port }),
      ...(options.uiPort !== undefined && { uiPort: options.uiPort }),
    };
    return options.detach ? detachUp(request) : runUp(request, context);
  },
});
