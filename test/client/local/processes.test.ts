import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../client/local/free-port.ts';
import { isRunning, startOf } from '../../../client/local/process-identity.ts';
import { readLog, startProcess, stopProcess, untilReady } from '../../../client/local/start-process.ts';
import { findTemporal } from '../../../client/local/temporal-binary.ts';
import { until } from '../../stores/until.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchback-local-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const script = (code: string) =>
  startProcess({
    name: 'a script',
    file: process.execPath,
    args: ['-e', code],
    env: process.env,
    log: join(folder, 'log', 'x.log'),
  });
const staying = `process.stdout.write('here\\n'); setInterval(() => undefined, 1000);`;

describe('processes that outlive their starter', () => {
  it('are known by pid and start time', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    const started = await startOf(child.pid!);
    expect(started).toBeDefined();
    expect(await isRunning({ pid: child.pid!, started: started!, log: '' })).toBe(true);
    // The same pid with another start time is somebody else.
    expect(await isRunning({ pid: child.pid!, started: `${started!}0`, log: '' })).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isRunning({ pid: child.pid!, started: started!, log: '' })).toBe(false);
  });

  it('are waited for until they say that they are ready, and stopped', async () => {
    const launched = await script(staying);
    const ready = async () => (await readLog(launched.log, launched.logStart)).includes('here');
    await untilReady('a script', launched, ready, { withinMs: 20_000, signal: never });
    expect(await stopProcess(launched, 5_000)).toBe(true);
    expect(await isRunning(launched)).toBe(false);
    expect(await stopProcess(launched, 5_000)).toBe(false);
  });

  it('are reported with what they said when they end before they are ready', async () => {
    const launched = await script(`console.error('no such thing'); process.exit(3);`);
    await expect(
      untilReady('a script', launched, async () => false, { withinMs: 20_000, signal: never }),
    ).rejects.toMatchObject({
      name: 'NotReady',
      message: expect.stringMatching(/a script ended before it was ready; it said:\n +no such thing/),
      hint: expect.stringContaining(launched.log),
    });
  });

  it('are killed when they do not listen', async () => {
    const launched = await script(`process.on('SIGTERM', () => undefined); ${staying}`);
    const ready = async () => (await readLog(launched.log, launched.logStart)).includes('here');
    await untilReady('a script', launched, ready, { withinMs: 20_000, signal: never });
    await stopProcess(launched, 100);
    await until('it has ended', async () => !(await isRunning(launched)));
  });

  it('are refused when there is no such program', async () => {
    await expect(
      startProcess({ name: 'a ghost', file: join(folder, 'ghost'), args: [], env: {}, log: join(folder, 'x.log') }),
    ).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('a ghost could not be started'),
    });
  });
});

describe('ports', () => {
  it('are the wanted one when it is free, else the next wanted one, else any', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: taken } = server.address() as { port: number };
    const free = await freePort();
    expect(free).not.toBe(taken);
    expect(await freePort(taken, undefined, free)).toBe(free);
    expect(await freePort(taken)).not.toBe(taken);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the Temporal CLI', () => {
  it('is looked for on PATH and where set-up puts it', async () => {
    expect(await findTemporal({ PATH: folder, XDG_CACHE_HOME: folder })).toBeUndefined();
    const built = join(folder, 'switchback/bin');
    await mkdir(built, { recursive: true });
    await writeFile(join(built, 'temporal'), '#!/bin/sh\n', { mode: 0o755 });
    expect(await findTemporal({ PATH: '', XDG_CACHE_HOME: folder })).toBe(join(folder, 'switchback/bin/temporal'));
    expect(await findTemporal({ PATH: join(folder, 'switchback/bin'), XDG_CACHE_HOME: '/nonexistent' })).toBe(
      join(folder, 'switchback/bin/temporal'),
    );
  });
});
