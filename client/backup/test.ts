import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { homeHostOf } from '../runs/home-host.ts';
import { readLocalTarget } from '../runs/local-target.ts';
import { locate } from '../settings/locate.ts';
import type { BackupOptions } from './options.ts';
import { pointNamed, pointsAtHome } from './points-at-home.ts';
import { runTask } from './run-task.ts';

/** Restores points into a scratch place each, compares, and notes how long it took. Without any named: all that are retained. */
export async function testBackups(typed: readonly string[], options: BackupOptions, context: Context): Promise<Answer> {
  const place = await locate(options, context);
  const homeHost = await homeHostOf(place, context, undefined);
  // On another machine than the home host the worker looks them up.
  const here = (await readLocalTarget(place.target, context.settings)) && (await pointsAtHome(options, context));
  const named = here ? typed.map((name) => pointNamed(name, here).point) : [...typed];
  const points = typed.length > 0 ? named : ('all' as const);
  return runTask({ target: place.target, homeHost, task: { do: 'test', points } }, context);
}
