import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { readUpRecord } from '../../client/settings/up-record.ts';
import { isRunning } from '../../client/local/process-identity.ts';
import { composeFile, engine, sleeper } from './compose/stack-fixture.ts';
import { checkoutId, ownName, sweepDead, sweepOwn } from './own-names.ts';

// The command line as it is installed: its own processes, a server and a worker started by `up`, a stack on Docker.

const program = fileURLToPath(new URL('../../dist/client/main.js', import.meta.url));
const prefix = `switchback-cli-${checkoutId}-`;
const project = ownName('cli');

let home: string;
let stack: string;

const run = (argv: string[], options: { home?: string; cwd?: string } = {}) =>
  execa(process.execPath, [program, ...argv], {
    cwd: options.cwd ?? stack,
    env: {
      SWITCHBACK_HOME: options.home ?? home,
      TEMPORAL_ADDRESS: undefined,
      SWITCHBACK_STACKS: undefined,
      NO_COLOR: '1',
    },
    reject: false,
    stdin: 'ignore',
  });
const json = async (...argv: string[]) => {
  const { stdout, exitCode } = await run([...argv, '--json']);
  return { exitCode, ...JSON.parse(stdout) };
};
/** Awaits a state of the world; the test's own time limit is the only clock. */
async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const status = async () => (await json('status')).status;

beforeAll(async () => {
  if (!existsSync(program)) throw new Error('dist/ is not built: npm run build');
  for (const left of await readdir(tmpdir())) {
    const pid = left.startsWith(prefix) ? Number(/-(\d+)-[^-]*$/.exec(left)?.[1]) : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await run(['down'], { home: join(tmpdir(), left, 'home'), cwd: tmpdir() });
    await rm(join(tmpdir(), left), { recursive: true, force: true });
  }
  await sweepDead(engine);
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  home = join(folder, 'home');
  stack = join(folder, 'stack');
  await mkdir(join(stack, 'docker'), { recursive: true });
  const subnet = `10.215.${process.pid % 256}.0/28`;
  const v1 = composeFile({ api: sleeper() }, { subnet });
  const v2 = composeFile({ api: sleeper({ environment: { VERSION: '2' } }) }, { subnet });
  await Promise.all([
    writeFile(join(stack, 'docker-compose.yml'), v1),
    writeFile(join(stack, 'docker/v1.yml'), v1),
    writeFile(join(stack, 'docker/v2.yml'), v2),
    writeFile(
      join(stack, 'switchback.yml'),
      `switchback: 1
name: cli-plan
stack: { directory: ., project: ${project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: v1
    title: Prove what we start from
    risk: low
    checkpoint: { compose: docker/v1.yml }
    verify: [ { services: 1 } ]
  - id: v2
    title: The second version
    risk: medium
    checkpoint: { compose: docker/v2.yml }
    gate: [ { approval: lead } ]
    verify: [ { services: 1 } ]
`,
    ),
  ]);
  await execa('docker', ['compose', '-p', project, 'up', '-d', '--wait'], { cwd: stack });
}, 180_000);

afterAll(async () => {
  await run(['down']);
  await sweepOwn(engine);
  await rm(join(home, '..'), { recursive: true, force: true });
}, 120_000);

const record = async () => (await readUpRecord(home))!;

describe('one machine, from nothing to a migration that could go back', () => {
  it('has nothing running: status says that nothing ran, start ends with 10', async () => {
    expect(await json('start', '--timeout', '5', '--address', '127.0.0.1:9')).toMatchObject({
      exitCode: 10,
      error: { name: 'Unreachable' },
    });
    const { exitCode, stderr } = await run(['status', '--timeout', '5', '--address', '127.0.0.1:9']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 10, stderr: expect.stringContaining('switchback up') });
  });

  it('is brought up by one command, and again without a second server', async () => {
    const first = await json('up', '--detach');
    expect(first).toMatchObject({
      exitCode: 0,
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      ui: expect.stringMatching(/^http:/),
      stacks: [stack],
    });
    const ui = await fetch(first.ui);
    expect(ui.status).toBe(200);
    expect(await json('up', '--detach')).toMatchObject({
      already: true,
      server: { pid: first.server.pid },
      worker: { pid: first.worker.pid },
    });
    expect(await json('up')).toMatchObject({ exitCode: 5, error: { name: 'Conflict', facts: { ui: first.ui } } });
    expect((await json('doctor')).findings).toContainEqual({
      id: 'search-attributes',
      state: 'ok',
      found: 'all registered',
    });
  }, 240_000);

  it('runs a plan until somebody is needed; Ctrl-C ends only the watching', async () => {
    const started = await run(['start']);
    expect(started).toMatchObject({ exitCode: 0 });
    await until(async () => (await status()).state === 'awaiting-approval');
    const watching = execa(process.execPath, [program, 'watch', '--until-done'], {
      cwd: stack,
      env: { SWITCHBACK_HOME: home },
      reject: false,
      buffer: true,
    });
    let seen = '';
    watching.stdout.on('data', (chunk) => (seen += String(chunk)));
    await until(async () => seen.includes('waiting for the approval of lead'));
    watching.kill('SIGINT');
    expect(await watching).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('the run goes on') });
    expect(await run(['watch'])).toMatchObject({ exitCode: 7 });
    expect((await status()).state).toBe('awaiting-approval');
  }, 240_000);

  it('goes on after its worker was killed, which `up` replaces', async () => {
    const { worker } = await record();
    process.kill(worker!.pid, 'SIGKILL');
    const successor = await until(async () => {
      const now = await record();
      return now.worker!.pid !== worker!.pid && now.readyAt !== undefined && now.worker;
    });
    expect(await isRunning(successor)).toBe(true);
    expect(await run(['approve', '--role', 'lead'])).toMatchObject({ exitCode: 0 });
    const watched = await run(['watch']);
    expect(watched).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is completed') });
  }, 240_000);

  it('tells what it did, what was measured and what going back would do', async () => {
    const history = await json('history');
    expect(history.phases.map((phase: { state: string }) => phase.state)).toEqual(['completed', 'completed']);
    expect(history.decisions).toContainEqual(expect.objectContaining({ by: expect.stringContaining('@') }));
    expect((await run(['history', '--markdown'])).stdout).toContain('# Run ');
    const { measurements } = await json('measure');
    expect(measurements.map((one: { phase: string }) => one.phase)).toEqual(['v1', 'v2']);
    expect((await json('measure', '--live')).measurement.totals.services).toBe(1);
    const dry = await json('rollback', '--dry-run');
    expect(dry).toMatchObject({ exitCode: 0, points: [], rollback: { to: 'v1' } });
    expect((await run(['list'])).stdout).toContain(project);
  }, 120_000);

  it('adopts what an `up` left running that was killed, and ends all of it', async () => {
    const before = await record();
    process.kill(before.supervisor!.pid, 'SIGKILL');
    await until(async () => !(await isRunning(before.supervisor)));
    const again = await json('up', '--detach');
    expect(again).toMatchObject({
      exitCode: 0,
      server: { pid: before.server!.pid },
      worker: { pid: before.worker!.pid },
    });
    const now = await record();
    expect(await json('down')).toMatchObject({ exitCode: 0, ended: ['worker', 'Temporal server'] });
    expect(await Promise.all([now.supervisor, now.worker, now.server].map((each) => isRunning(each)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(await json('down')).toMatchObject({ exitCode: 0, ended: [] });
  }, 240_000);

  it('still knows from the journal how it ended', async () => {
    const { exitCode, stdout } = await run(['status', '--timeout', '5']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/from the journal, as of .* ago\): the Temporal server .* cannot be reached/);
    expect(stdout).toContain('completed');
    expect(await run(['history'])).toMatchObject({ exitCode: 0 });
  });
});
