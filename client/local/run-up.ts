import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { renderAnswer, renderJson, type Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { GuidedError } from '../command-line/failure.ts';
import { Interrupted } from '../command-line/usage-error.ts';
import { readUpRecord, type UpRecord } from '../settings/up-record.ts';
import { isRunning } from './process-identity.ts';
import { readLog, startProcess, type Launched } from './start-process.ts';
import { hostOf } from './worker.ts';
import { bringUp, isNamed, keepUp, refuseSecondUp, takeDown, type UpRequest } from './up.ts';

const upAnswer = (record: UpRecord, home: string): Answer => ({
  data: record,
  lines: ({ style }) => [
    `${style.bold('Temporal')}   ${record.address}, namespace ${record.namespace}${record.server ? ` (pid ${record.server.pid})` : ', run by others'}`,
    `${style.bold('Web UI')}     ${style.cyan(record.ui)}`,
    `${style.bold('worker')}     pid ${record.worker?.pid ?? '-'}, serves ${record.stacks.join(', ')} as host ${record.host ?? 'local'}`,
    `${style.bold('logs')}       ${join(home, 'logs')}`,
  ],
  next: [
    { type: 'switchback start', why: 'run the plan in this folder' },
    { type: 'switchback down', why: 'stop both; runs wait and go on at the next up' },
  ],
});

/** Brings up and stays, until the signal. */
export async function runUp(request: UpRequest, context: Context): Promise<undefined> {
  const { home } = request.settings;
  await refuseSecondUp(home);
  try {
    const record = await bringUp(request);
    const answer = upAnswer(record, home);
    context.print(context.json ? renderJson(answer) : `${renderAnswer(answer, context.page)}\n`);
    if (!context.json) context.note(context.page.style.dim('Ctrl-C stops both; runs wait and go on at the next up'));
    await keepUp(record, request);
  } catch (error) {
    // Ctrl-C while something was being waited for.
    if (!request.signal.aborted) throw error;
  } finally {
    await takeDown(home, request.tell);
  }
  return undefined;
}

/** How long everything may take to be ready: a server that migrates a big file and a worker on a busy machine. */
const readyMs = 150_000;

/** Starts an `up` in the background, unless one looks after this home already, and waits until it is ready. */
export async function detachUp(request: UpRequest): Promise<Answer> {
  const { settings, env, stacks } = request;
  const { home } = settings;
  const there = await readUpRecord(home);
  const { supervisor } = there ?? {};
  const fits = there?.host === hostOf(env) && stacks.every((stack) => there.stacks.includes(stack));
  if (supervisor && fits && (await isRunning(supervisor))) {
    // It may be starting a worker again that has ended just now.
    const record = await untilAllReady({ logStart: 0, ...supervisor }, request);
    return { ...upAnswer(record, home), data: { ...record, already: true } };
  }
  await refuseSecondUp(home);
  const launched = await startProcess({
    name: 'up',
    file: process.execPath,
    args: [
      ...[process.argv[1]!, 'up', '--home', home, '--namespace', settings.namespace],
      ...(isNamed(settings) ? ['--address', settings.address] : []),
      ...(request.port === undefined ? [] : ['--port', String(request.port)]),
      ...(request.uiPort === undefined ? [] : ['--ui-port', String(request.uiPort)]),
      ...stacks.flatMap((stack) => ['--stack', stack]),
    ],
    env: { ...env, NO_COLOR: '1' },
    log: join(home, 'logs', 'up.log'),
  });
  return upAnswer(await untilAllReady(launched, request), home);
}

/** @throws GuidedError `NotReady` when it ends, or takes too long, with what it said */
async function untilAllReady(supervisor: Launched, { settings, signal }: UpRequest): Promise<UpRecord> {
  const deadline = Date.now() + readyMs;
  for (;;) {
    const record = await readUpRecord(settings.home);
    if (record?.supervisor?.pid === supervisor.pid && record.readyAt !== undefined) return record;
    const running = await isRunning(supervisor);
    if (!running || Date.now() > deadline) {
      const said = (await readLog(supervisor.log, supervisor.logStart)).replace(/^[\s\S]*?^switchback: /m, '').trim();
      throw new GuidedError('NotReady', said || 'nothing was brought up, and nothing was said', {
        hint: `What \`up\` did stands in ${supervisor.log}.`,
        next: [{ type: 'switchback doctor', why: 'what is missing on this machine' }],
      });
    }
    if (signal.aborted) throw new Interrupted('`up` goes on in the background; `switchback down` stops it');
    await wait(100);
  }
}
