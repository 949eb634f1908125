import type { Restorable, RestorePromise } from '../runs/restorable.ts';
import { formatAge, formatDuration } from './duration.ts';
import type { Style } from './style.ts';

/** What a restore is promised to take, and how old the proof of that is. */
export function promiseLine({ tookMs, provenAt, expired }: RestorePromise, style: Style, now: Date): string {
  const age = formatAge(provenAt, now);
  const line = `restored in ${formatDuration(tookMs)} when it was tested, ${age}`;
  return expired ? style.yellow(`${line}: the proof has expired`) : style.green(line);
}

/** A line for each resource whose data must be restorable. */
export function restorableLines(found: readonly Restorable[], style: Style, now: Date): string[] {
  return found.map(({ resource, promise }) =>
    promise
      ? `  ${resource}: ${promiseLine(promise, style, now)}  ${style.dim(promise.point)}`
      : `  ${resource}: ${style.yellow('no recovery point of it was ever restored as a test')}`,
  );
}
