import { randomBytes } from 'node:crypto';

const two = (value: number) => String(value).padStart(2, '0');

/** An id for a run that sorts by its start and can be read aloud: `20260301-140309-7f3a`, in UTC. */
export function newRunId(now: Date = new Date()): string {
  const day = `${now.getUTCFullYear()}${two(now.getUTCMonth() + 1)}${two(now.getUTCDate())}`;
  const time = `${two(now.getUTCHours())}${two(now.getUTCMinutes())}${two(now.getUTCSeconds())}`;
  return `${day}-${time}-${randomBytes(2).toString('hex')}`;
}
