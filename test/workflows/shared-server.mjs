import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const inCheckout = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** One server and one bundle for all files of the project: each cost every file some ten seconds of a busy machine. */
export default async function start() {
  const path = execFileSync(inCheckout('scripts/find-temporal'), { encoding: 'utf8' }).trim();
  const port = await freePort();
  const options = {
    'system.enableActivityEagerExecution': 'true',
    // A workflow task that waits for a held local activity is renewed after 80 % of this; the default of 10 s is all waiting.
    'history.defaultWorkflowTaskTimeout': '"2s"',
  };
  const server = spawn(
    path,
    [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
      ...Object.entries(options).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ],
    { stdio: 'ignore' },
  );
  const folder = mkdtempSync(join(tmpdir(), 'switchback-bundle-'));
  const address = `127.0.0.1:${port}`;
  // The mutants of test/mutation are workflows of their own.
  const workflowsPath = process.env.SWITCHBACK_TEST_WORKFLOWS ?? inCheckout('workflows/index.ts');
  const [{ code }] = await Promise.all([
    bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
    untilReady(address),
  ]);
  writeFileSync(join(folder, 'bundle.js'), code);
  process.env.SWITCHBACK_TEST_TEMPORAL = address;
  process.env.SWITCHBACK_TEST_BUNDLE = join(folder, 'bundle.js');
  globalThis.stopSharedServer = async () => {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}

async function untilReady(address) {
  for (let tries = 1; ; tries += 1) {
    try {
      const connection = await Connection.connect({ address });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return await connection.close();
    } catch (error) {
      if (tries === 300) throw error;
      await pause(200);
    }
  }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
