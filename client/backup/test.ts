import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { homeHostOf } from '../runs/home-host.ts';
import { locate } from '../settings/locate.ts';
import type { BackupOptions } from './options.ts';
import { runTask } from './run-task.ts';

/** Restores points into a scratch place each, compares, and notes how long it took. Without any named: all that are retained. */
export async function testBackups(typed: readonly string[], options: BackupOptions, context: Context): Promise<Answer> {
  const place = await locate(options, context);
  const homeHost = await homeHostOf(place, context, undefined);
  const points = typed.length > 0 ? [...typed] : ('all' as const);
  return runTask({ target: place.target, homeHost, task: { do: 'test', points } }, context);
}
