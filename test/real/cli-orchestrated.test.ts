import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { verbs } from '../../client/verbs/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { invoke, type Invoked } from '../client/command-line/invoke.ts';
import { Orchestra } from '../workflows/orchestra.ts';

// Every verb against a real Temporal server, real workflows and a real journal; only what the operations do is scripted.

let orchestra: Orchestra;
beforeAll(async () => {
  orchestra = await Orchestra.start();
});
afterAll(() => orchestra.stop());

const compose = (project: string) =>
  `name: ${project}\nservices:\n  api:\n    image: debian:bookworm-slim\n    command: [sleep, infinity]\n`;
const plan = (target: string) => `switchback: 1
name: ${target}-plan
stack: { directory: ., project: ${target}, compose: docker-compose.yml, host: host-${target} }
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: one
    title: First
    risk: low
    checkpoint: { compose: docker/v1.yml }
    verify: [ { services: 1 } ]
  - id: two
    title: Second
    risk: high
    checkpoint: { compose: docker/v2.yml }
    gate: [ { approval: lead } ]
    verify: [ { services: 1 } ]
  - id: three
    title: Third
    risk: low
    optional: true
    checkpoint: { compose: docker/v3.yml }
    verify: [ { services: 1 } ]
`;

let count = 0;
let target: string;
let cwd: string;
let stopWorker: (() => Promise<void>) | undefined;
let interrupt: AbortController;

beforeEach(async () => {
  count += 1;
  interrupt = new AbortController();
  target = `cli-${count}`;
  cwd = join(orchestra.home, 'stacks', target);
  mkdirSync(join(cwd, 'docker'), { recursive: true });
  writeFileSync(join(cwd, 'switchback.yml'), plan(target));
  for (const file of ['docker-compose.yml', 'docker/v1.yml', 'docker/v2.yml', 'docker/v3.yml'])
    writeFileSync(join(cwd, file), `${compose(target)}# ${file}\n`);
  orchestra.effects.length = 0;
  orchestra.script = () => 'succeed';
  stopWorker = await orchestra.work(`host-${target}`);
});
afterEach(async () => {
  // A command that a failed test left waiting would wait on, and keep the next tests from being heard.
  interrupt.abort();
  await stopWorker?.();
  stopWorker = undefined;
});

/** Types a command in the plan's folder. */
const type = (...argv: string[]): Promise<Invoked> =>
  invoke(verbs, argv, {
    cwd,
    signal: interrupt.signal,
    env: { SWITCHBACK_HOME: orchestra.home, TEMPORAL_ADDRESS: orchestra.environment.address, USER: 'ada' },
  });
const typeJson = async (...argv: string[]) => {
  const { code, out } = await type(...argv, '--json');
  return { code, ...JSON.parse(out) };
};
const stepFailed = (kind: string) => (operation: string) =>
  operation.includes(kind) ? new SwitchbackError('StepFailed', 'it broke', { hint: 'Mend it.' }) : ('succeed' as const);

describe('a run, as its operator types it', () => {
  it('[T1] is started, watched to an approval, approved, watched to its end, and told', async () => {
    const started = await type('start');
    expect(started.code).toBe(0);
    expect(started.error).toMatch(/cli-\d+-plan against cli-\d+ \(switchback\.yml|\/switchback\.yml/);
    expect(started.out).toMatch(/run \d{8}-\d{6}-[0-9a-f]{4} of cli-\d+ is running/);
    expect(started.out).toContain('switchback watch');

    const watched = await type('watch');
    expect(watched.code).toBe(7);
    expect(watched.out).toContain('waiting for the approval of lead');
    expect(watched.out).toContain('switchback approve --role lead');

    const status = await type('status');
    expect(status.code).toBe(7);
    expect(status.out).toContain('waiting for the approval of lead');

    expect(await typeJson('approve', '--role', 'dba')).toMatchObject({
      code: 5,
      error: { name: 'Conflict', message: expect.stringContaining('no approval of dba is asked for') },
    });
    expect(await typeJson('approve', '--role', 'lead', '--digest', 'abcdef0')).toMatchObject({
      code: 5,
      error: { message: expect.stringContaining('not abcdef0') },
    });
    const approved = await type('approve', '--role', 'lead', '--comment', 'looked at');
    expect(approved).toMatchObject({ code: 0, error: '' });

    const done = await type('watch');
    expect(done.code).toBe(0);
    expect(done.out).toContain('is completed');

    const told = await type('history');
    expect(told.code).toBe(0);
    expect(told.out).toMatch(/said approve/);
    expect(told.out).toContain('Phase 3 three: Third completed');
    expect(told.out).toContain(`/namespaces/default/workflows/migration%2F${target}`);
    const listed = await typeJson('list');
    expect(listed.targets).toContainEqual(
      expect.objectContaining({ target, state: 'completed', from: 'both', runs: 1 }),
    );
  });

  it('[M12] is rehearsed first, and the promised time is shown wherever the way back is', async () => {
    const rehearsed = await type('rehearse', '--phase', 'one');
    expect(rehearsed).toMatchObject({ code: 0, out: expect.stringMatching(/one {2}rehearsed, takes [\d.]+ s/) });

    orchestra.differences = ['volume:data a has changed'];
    const failed = await type('rehearse', '--phase', 'two');
    orchestra.differences = [];
    expect(failed).toMatchObject({
      code: 6,
      out: expect.stringContaining('differs   after the way back, volume:data'),
    });
    expect(await type('rehearse', '--phase', 'four')).toMatchObject({ code: 2 });

    expect((await type('start', '--watch')).code).toBe(7);
    const status = await type('status');
    expect(status.out).toMatch(/ways back\n {2}one: rehearsed, takes/);
    expect(status.out).toContain('two: rehearsed and FAILED: the way back does not lead to where it began');
    expect((await type('history')).out).toMatch(/way back {2}rehearsed, takes/);
    expect((await type('rollback', '--dry-run')).out).toContain('two: rehearsed and FAILED');
    expect((await type('list')).out).not.toContain('.rehearsal-');
  });

  it('[K6] fails, parks with what to type, is skipped and taken back, and exits say so', async () => {
    orchestra.script = stepFailed('one/verify');
    expect((await type('start', '--watch')).code).toBe(7);
    const parked = await typeJson('status');
    expect(parked).toMatchObject({
      code: 7,
      needsPerson: true,
      source: 'run',
      status: { state: 'awaiting-operator', waiting: { error: { message: 'it broke', hint: 'Mend it.' } } },
    });
    expect(parked.next.map((step: { type: string }) => step.type)).toContain('switchback retry');

    expect((await type('retry')).code).toBe(0);
    await orchestra.until(target, 'awaiting-operator');
    expect(await typeJson('done-by-hand', '--reason', 'me', '--proof-http', 'http://127.0.0.1:1/')).toMatchObject({
      code: 5,
      error: { message: expect.stringContaining('not proven') },
    });
    expect((await type('done-by-hand', '--reason', 'me', '--proof-services', '1')).code).toBe(0);
    await orchestra.until(target, 'awaiting-approval');
    expect((await type('reject', '--role', 'lead', '--reason', 'no')).code).toBe(0);
    await orchestra.until(target, 'awaiting-operator');

    orchestra.script = () => 'succeed';
    const back = await type('rollback', '--to', 'baseline', '--reason', 'wrong way', '--watch');
    expect(back.out).toContain('is rolled-back');
    expect(back.code).toBe(0);
    expect((await type('watch')).code).toBe(6);
    expect((await typeJson('status')).status.state).toBe('rolled-back');
  });

  it('[K7] is taken back days later, from the journal alone', async () => {
    expect((await type('start', '--without', 'three')).code).toBe(0);
    await orchestra.until(target, 'awaiting-approval');
    await type('approve', '--role', 'lead');
    expect((await type('watch')).code).toBe(0);

    const dry = await typeJson('rollback', '--to', 'one', '--dry-run');
    expect(dry).toMatchObject({ code: 0, points: [], rollback: { to: 'one', phases: [{ id: 'two' }] } });
    const text = await type('rollback', '--dry-run');
    expect(text.out).toContain('left alone; what is protected is looked at again on the way');
    expect((await type('rollback')).code).toBe(2);
    expect((await type('rollback', '--reason', 'r', '--to', 'nowhere', '--dry-run')).code).toBe(4);
    expect((await type('rollback', '--reason', 'r', '--to', 'nowhere')).code).toBe(4);
    expect(await typeJson('status')).toMatchObject({
      code: 0,
      because: expect.stringContaining('was not opened'),
      status: { state: 'completed' },
    });

    const asked = await typeJson('rollback', '--reason', 'errors doubled', '--restore-data');
    expect(asked).toMatchObject({ code: 2, error: { message: expect.stringContaining('has to be confirmed') } });
    expect(
      await typeJson('rollback', '--reason', 'errors doubled', '--restore-data', '--confirm', 'other'),
    ).toMatchObject({ code: 2 });
    const mistyped = await invoke(verbs, ['rollback', '--reason', 'errors doubled', '--restore-data'], {
      cwd,
      env: { SWITCHBACK_HOME: orchestra.home, TEMPORAL_ADDRESS: orchestra.environment.address },
      answers: ['yes'],
    });
    expect(mistyped).toMatchObject({ code: 2, error: expect.stringContaining('that is not the name of the target') });
    expect(mistyped.error).toContain(`Rollback of ${target} to one`);
    expect((await typeJson('history')).runs).toHaveLength(1);
    expect(
      (await type('rollback', '--reason', 'errors doubled', '--restore-data', '--confirm', target, '--watch')).code,
    ).toBe(0);
    expect((await typeJson('history')).runs).toHaveLength(2);
  });

  it('pauses, resumes and is aborted', async () => {
    expect((await type('start')).code).toBe(0);
    await orchestra.until(target, 'awaiting-approval');
    expect((await type('pause', '--reason', 'lunch')).code).toBe(0);
    expect((await type('approve', '--role', 'lead')).code).toBe(0);
    await orchestra.until(target, 'paused');
    expect((await type('status')).out).toContain('paused');
    expect(await typeJson('retry')).toMatchObject({
      code: 5,
      error: { message: expect.stringContaining('retry is not possible while the run is paused; possible: resume') },
    });
    expect((await type('resume')).code).toBe(0);
    await orchestra.until(target, 'completed', 'running');
    expect((await type('watch')).code).toBe(0);
    expect(await typeJson('abort', '--reason', 'late')).toMatchObject({
      code: 5,
      error: { message: expect.stringContaining('has no open run') },
    });
  });
});

describe('what is refused', () => {
  it('a second start of one target, with a pointer to the first', async () => {
    expect((await type('start')).code).toBe(0);
    await orchestra.until(target, 'awaiting-approval');
    const first = (await orchestra.status(target)).runId;
    const second = await type('start');
    expect(second.code).toBe(5);
    expect(second.error).toContain(`${target} has a run that is not over: ${first}`);
    expect(second.error).toContain('switchback status');
    expect(await typeJson('start')).toMatchObject({
      code: 5,
      error: { name: 'Conflict', facts: { run: first, target } },
    });
    expect((await orchestra.status(target)).runId).toBe(first);
  });

  it('two starts at the same moment: one run', async () => {
    const codes = (await Promise.all([type('start'), type('start')])).map((one) => one.code).sort();
    expect(codes).toEqual([0, 5]);
  });

  it('leaving out a phase that is not optional, or unknown', async () => {
    expect(await typeJson('start', '--without', 'one')).toMatchObject({
      code: 2,
      error: { hint: 'Phases that may be left out: three.' },
    });
    expect((await type('start', '--without', 'four')).code).toBe(2);
  });

  it('a plan that cannot be run, with every mistake in its place', async () => {
    writeFileSync(
      join(cwd, 'switchback.yml'),
      plan(target).replace('docker/v2.yml', 'docker/gone.yml').replace('risk: low', 'risk: huge'),
    );
    const { code, error } = await type('start');
    expect(code).toBe(3);
    expect(error).toMatch(/switchback\.yml:\d+:\d+ error: /);
    expect(error).toContain('cannot be run');
    expect(error).not.toContain('    at ');
  });

  it('what only a worker could do, when none is there', async () => {
    await stopWorker?.();
    stopWorker = undefined;
    // A host whose queue nobody has ever polled: the server remembers pollers for some minutes.
    writeFileSync(join(cwd, 'switchback.yml'), plan(target).replaceAll(`host-${target}`, 'nowhere'));
    const { code, error } = await type('start');
    expect(code).toBe(10);
    expect(error).toContain('no worker polls the queue switchback-host-nowhere');
    expect(error).toContain('switchback up');
  });

  it('a stack that the worker does not serve, by what the worker said', async () => {
    writeFileSync(join(cwd, 'switchback.yml'), plan(target).replace('directory: .', 'directory: ..'));
    const { code } = await type('start');
    expect(code).not.toBe(0);
  });
});

describe('a run whose workflow was terminated in the UI', () => {
  const terminate = async () => {
    const { workflow } = orchestra.environment.client;
    await workflow.getHandle(`migration/${target}`).terminate('a mistake');
  };

  it('[T2] is seen by reconcile, gone on with, and completes', async () => {
    await type('start');
    await orchestra.until(target, 'awaiting-approval');
    expect((await type('reconcile')).out).toContain('is at work');
    expect(await type('reconcile', '--close', '--reason', 'x')).toMatchObject({ code: 5 });
    await terminate();

    const seen = await typeJson('reconcile', '--dry-run');
    expect(seen).toMatchObject({ code: 7, open: true, atWork: false, workflow: 'TERMINATED' });
    expect(seen.orphans).toEqual([`migration/${target}/2-two`]);
    expect((await type('start')).error).toContain('switchback reconcile');

    expect((await type('reconcile', '--go-on')).code).toBe(0);
    await orchestra.until(target, 'awaiting-approval');
    expect((await type('approve', '--role', 'lead')).code).toBe(0);
    expect((await type('watch')).code).toBe(0);
    expect(new Set(orchestra.effects).size).toBe(orchestra.effects.length);
    expect(await type('reconcile')).toMatchObject({ code: 0 });
    expect(await type('reconcile', '--go-on')).toMatchObject({ code: 4 });
  });

  it('is closed with a reason, and a new run is taken', async () => {
    await type('start');
    await orchestra.until(target, 'awaiting-approval');
    await terminate();
    expect((await type('reconcile', '--close')).code).toBe(2);
    const closed = await typeJson('reconcile', '--close', '--reason', 'begin anew');
    expect(closed).toMatchObject({ code: 0, open: false, state: 'aborted', ended: [`migration/${target}/2-two`] });
    expect((await type('history')).out).toContain('begin anew');
    expect((await type('start')).code).toBe(0);
  });
});

describe('verify', () => {
  it('[L9] says whether the stack is at the checkpoint that the journal names, and changes nothing', async () => {
    expect(await type('verify')).toMatchObject({ code: 4, error: expect.stringContaining('knows no run') });
    await type('start');
    await orchestra.until(target, 'awaiting-approval');
    const between = await typeJson('verify');
    // To wait for a person at a gate is no fault of the stack.
    expect(between).toMatchObject({ code: 0, checkpoint: 'one', verdict: 'successful', good: true });
    await type('approve', '--role', 'lead');
    expect((await type('watch')).code).toBe(0);
    const before = orchestra.effects.length;
    expect(await typeJson('verify')).toMatchObject({ code: 0, checkpoint: 'three', consistent: true, good: true });
    expect(orchestra.effects).toHaveLength(before);
  });
});

describe('without a server', () => {
  const away = (...argv: string[]) => type(...argv, '--address', '127.0.0.1:9', '--timeout', '2');

  it('commands end with 10 and say how to get one', async () => {
    for (const argv of [['start'], ['pause'], ['approve', '--role', 'lead'], ['rollback', '--reason', 'x']]) {
      const { code, error } = await away(...argv);
      expect({ argv, code }).toEqual({ argv, code: 10 });
      expect(error).toContain('the Temporal server 127.0.0.1:9 cannot be reached');
      expect(error).toContain('switchback up');
    }
  });

  it('status, history, list and dry runs answer from the journal', async () => {
    await type('start');
    await orchestra.until(target, 'awaiting-approval');
    const status = await away('status');
    expect(status.code).toBe(7);
    expect(status.out).toMatch(
      /from the journal, as of .* ago\): the Temporal server 127\.0\.0\.1:9 cannot be reached/,
    );
    expect(status.out).toMatch(/2 +two +Second +high +running/);
    expect((await away('history')).code).toBe(0);
    expect((await away('rollback', '--dry-run')).code).toBe(0);
    expect((await away('list')).out).toContain('without the server');
    expect((await away('watch')).code).toBe(10);
  });

  it('status of a target that nobody knows ends with 10', async () => {
    expect((await away('status', '--target', 'unknown')).code).toBe(10);
    expect((await type('status', '--target', 'unknown')).out).toContain('nothing has run against unknown yet');
  });
});
