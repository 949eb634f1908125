#!/usr/bin/env node
import { runCommandLine } from './run.ts';
import { processTerminal } from './command-line/terminal.ts';
import { version } from './command-line/version.ts';
import { verbs } from './verbs/index.ts';

// `switchback status | head` closes the pipe early: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first one lets a verb end in order; whoever repeats it does not want to wait for that.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(signal);
  });
}

const code = await runCommandLine(verbs, process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  terminal: processTerminal(),
  signal: interrupt.signal,
  version: version(),
});
// An idle connection of the Temporal client would hold the process for a moment; everything is closed or abandoned by now.
process.exit(code);
