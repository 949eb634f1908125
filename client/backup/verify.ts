import { bytesIn, usePoints, verifyPoint } from '../../activities/points/index.ts';
import { errorTable, SwitchbackError } from '../../runbook/errors.ts';
import type { Answer } from '../command-line/answer.ts';
import { exitCodes } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { formatProgress } from '../rendering/progress.ts';
import { plural } from '../rendering/quantity.ts';
import { fit } from '../rendering/table.ts';
import { damagedInRepositories } from './damaged-in-repositories.ts';
import { pointNamed, pointsAtHome, type PointsAtHome, type PointView } from './points-at-home.ts';

export interface Verified {
  point: string;
  resource: string;
  good: boolean;
  /** What is wrong with it. */
  why?: string;
}

/** Reads every byte of points again, on this machine: it needs neither Temporal nor a worker, and disturbs no run. */
export async function verifyBackups(typed: readonly string[], options: EveryOption, context: Context): Promise<Answer> {
  const here = await pointsAtHome(options, context);
  const wanted =
    typed.length > 0
      ? typed.map((name) => pointNamed(name, here))
      : here.points.filter(({ state }) => state !== 'interrupted' && state !== 'expired');
  const verified = await usePoints(here.home, `switchback backup verify (${plural(wanted.length, 'point')})`, () =>
    verifyAll(wanted, here, context),
  );
  const bad = verified.filter(({ good }) => !good);
  return {
    data: { target: here.target, verified },
    lines: ({ style }) => [
      ...verified.map(({ point, good, why = '' }) =>
        good ? `${style.green('good')}     ${point}` : `${style.red('damaged')}  ${point}: ${why}`,
      ),
      `${plural(verified.length, 'point')} read, ${bad.length === 0 ? 'all as they were written' : `${bad.length} damaged`}`,
    ],
    ...(bad.length > 0 && {
      next: [{ type: 'switchback backup create', why: 'take new ones in their place' }],
    }),
    exitCode: bad.length > 0 ? errorTable.IntegrityFailed.exitCode : exitCodes.ok,
  };
}

async function verifyAll(wanted: readonly PointView[], here: PointsAtHome, context: Context): Promise<Verified[]> {
  const inRepository = wanted.flatMap(({ state, entry }) =>
    entry?.point?.manifest.at && state !== 'swapped' && state !== 'failed' ? [entry.point] : [],
  );
  const damaged = await damagedInRepositories(inRepository, here, context);
  const verified: Verified[] = [];
  for (const view of wanted) verified.push(await verifyOne(view, damaged, context));
  return verified;
}

async function verifyOne(
  view: PointView,
  damagedElsewhere: ReadonlyMap<string, string>,
  context: Context,
): Promise<Verified> {
  const { point: id, resource, entry } = view;
  const damaged = (why: string) => ({ point: id, resource, good: false, why });
  const stored = entry?.point;
  if (!stored) return damaged(view.problem ?? view.state);
  if (view.state === 'swapped') return damaged(view.problem ?? view.state);
  if (view.state === 'failed') return damaged(`it was found damaged before: ${view.problem ?? ''}`);
  if (stored.manifest.at) {
    const why = damagedElsewhere.get(id);
    return why === undefined ? { point: id, resource, good: true } : damaged(why);
  }
  const total = bytesIn(stored);
  const began = performance.now();
  let done = 0;
  let shown = 0;
  try {
    await verifyPoint(stored, {
      signal: context.signal,
      onBytes: (bytes) => {
        done += bytes;
        const now = performance.now();
        if (!context.interactive || now - shown < 200) return;
        shown = now;
        const progress = { doing: `reading ${id}`, done, total, unit: 'bytes' as const };
        context.draw(`\r\u001b[2K${fit(formatProgress(progress, (done / (now - began)) * 1000), context.page.width)}`);
      },
    });
    return { point: id, resource, good: true };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof SwitchbackError && error.name === 'IntegrityFailed') {
      return damaged(error.message.replace(`recovery point ${id} `, ''));
    }
    throw error;
  } finally {
    if (shown > 0) context.draw('\r\u001b[2K');
  }
}
