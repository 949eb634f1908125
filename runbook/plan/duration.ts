import { z } from 'zod';

const unitSeconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
type Unit = keyof typeof unitSeconds;

const part = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)/;

/**
 * Seconds of a duration as people write it: `500ms`, `30s`, `15m`, `1h30m`, `2d`.
 * Returns undefined when the text is something else.
 */
export function parseDuration(text: string): number | undefined {
  let rest = text;
  let seconds = 0;
  while (rest !== '') {
    const match = part.exec(rest);
    if (!match) return undefined;
    seconds += Number(match[1]) * unitSeconds[match[2] as Unit];
    rest = rest.slice(match[0].length);
  }
  return text === '' ? undefined : Math.round(seconds * 1000) / 1000;
}

/** `90` → `1m 30s`; `0.5` → `500ms`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`;
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / unitSeconds[unit]);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * unitSeconds[unit];
  }
  return parts.join(' ');
}

/** A year: more than any window of a migration, and far from where timers overflow. */
const longest = 366 * 86_400;

/** A duration longer than nothing; parses to seconds. */
export const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'is not a duration')
  .transform((text, context) => {
    const seconds = parseDuration(text) ?? 0;
    if (seconds <= 0) context.addIssue({ code: 'custom', message: 'is a duration of nothing' });
    if (seconds > longest) context.addIssue({ code: 'custom', message: 'is longer than a year' });
    return seconds;
  })
  .describe('A duration: a number with a unit, such as 500ms, 30s, 15m, 2h or 1h30m.');
