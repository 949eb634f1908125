import { pinPoint, unpinPoint } from '../../activities/points/index.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { operator } from '../runs/operator.ts';
import { pointNamed, pointsAtHome, requireStored } from './points-at-home.ts';

/** Keeps points from being pruned, or lets them be again. */
export async function pinBackups(
  typed: readonly string[],
  { pinned, reason, ...options }: EveryOption & { pinned: boolean; reason?: string },
  context: Context,
): Promise<Answer> {
  const here = await pointsAtHome(options, context);
  const views = typed.map((name) => pointNamed(name, here));
  const by = operator(context.env);
  for (const view of views) {
    const stored = requireStored(view);
    if (!pinned) await unpinPoint(stored);
    else await pinPoint(stored, { at: new Date().toISOString(), by, ...(reason === undefined ? {} : { reason }) });
  }
  const points = views.map(({ point }) => point);
  return {
    data: { target: here.target, points, pinned },
    lines: () => points.map((point) => `${point} ${pinned ? 'is pinned: no prune removes it' : 'may be pruned again'}`),
  };
}
