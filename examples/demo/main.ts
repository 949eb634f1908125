#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { migrationWorkflowId } from '../../runbook/names.ts';
import { placeOf } from './place.ts';
import { describe, runDemo } from './run-demo.ts';
import { terminalScreen } from './screen.ts';
import { tearDown } from './tear-down.ts';

const usage = `usage: npm run demo [-- OPTION…]

  --keep         leave everything up afterwards, to look at
  --interactive  wait for Enter at each turn
  --down         take down what --keep left, or what a demo that was killed left
`;

/** Exit codes: 0 as promised, 1 not, 2 usage, 130 interrupted. */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const screen = terminalScreen(options);
  const place = placeOf();
  if (options.down) {
    screen.say(`cleared away: ${describe(await tearDown(place))}`);
    return 0;
  }
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Whoever asks twice does not want to wait for the clean-up; the next demo does it.
      if (interrupt.signal.aborted) process.exit(130);
      screen.say('\ninterrupted: cleaning up (again to leave it as it is)');
      interrupt.abort();
    });
  }
  try {
    const { outcome, judged } = await runDemo(place, { screen, keep: options.keep, signal: interrupt.signal });
    if (options.keep) {
      screen.heading('It is all still there');
      screen.say(
        `Temporal UI  ${outcome.ui}/namespaces/default/workflows/${encodeURIComponent(migrationWorkflowId(outcome.target))}`,
      );
      screen.say(`the shop     cd ${place.shop}`);
      screen.say(`switchback   export SWITCHBACK_HOME=${place.home}; node ${place.root}/dist/client/main.js status`);
      screen.say('take it down npm run demo -- --down');
    } else screen.say(`the Temporal UI was at ${outcome.ui}; npm run demo -- --keep leaves it up to look at`);
    const broken = judged.filter(({ kept }) => !kept).length;
    screen.say(
      broken === 0
        ? `\nas promised: ${judged.length} of ${judged.length}`
        : `\nNOT AS PROMISED: ${broken} of ${judged.length}`,
    );
    return broken === 0 ? 0 : 1;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    throw error;
  }
}

function readOptions() {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ options: { keep: flag, interactive: flag, down: flag } }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    return undefined;
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`demo: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
