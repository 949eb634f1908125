import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../client/local/free-port.ts';
import { connect } from '../worker/create-worker.ts';

/** A Temporal dev server of our own, as `switchback up` starts it. */
export async function devServer(home: string): Promise<{ address: string; stop: () => Promise<void> }> {
  const temporal = execFileSync(fileURLToPath(new URL('../../scripts/find-temporal', import.meta.url)), {
    encoding: 'utf8',
  }).trim();
  const port = await freePort();
  const child = spawn(
    temporal,
    [
      'server',
      'start-dev',
      '--headless',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--db-filename',
      join(home, 'temporal.db'),
      '--log-level',
      'error',
      '--dynamic-config-value',
      'system.enableActivityEagerExecution=true',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = `127.0.0.1:${port}`;
  await (await connect(address)).close();
  return {
    address,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
