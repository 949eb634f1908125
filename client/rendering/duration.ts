const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const two = (value: number) => String(value).padStart(2, '0');

/** A span of time with the precision that matters at its size: `340 ms`, `12.3 s`, `4m 05s`, `3h 20m`, `2d 04h`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) return '-';
  if (milliseconds < second) return `${Math.round(milliseconds)} ms`;
  // 59,950 ms would round to "60.0 s".
  if (milliseconds < minute - 50) return `${(milliseconds / second).toFixed(1)} s`;
  const rounded = Math.round(milliseconds / second) * second;
  if (rounded < hour) return `${Math.floor(rounded / minute)}m ${two((rounded % minute) / second)}s`;
  if (rounded < day) return `${Math.floor(rounded / hour)}h ${two(Math.floor((rounded % hour) / minute))}m`;
  return `${Math.floor(rounded / day)}d ${two(Math.floor((rounded % day) / hour))}h`;
}

/** Milliseconds between two ISO 8601 times; NaN when one is no time. */
export const between = (from: string, to: string) => Date.parse(to) - Date.parse(from);

/** `12.3 s ago`; a time in the future is the other host's clock running ahead, and said so. */
export function formatAge(from: string, now: Date): string {
  const age = now.getTime() - Date.parse(from);
  if (Number.isNaN(age)) return 'at an unknown time';
  return age < 0 ? `${formatDuration(-age)} ahead of this clock` : `${formatDuration(age)} ago`;
}

/** The time of day in this machine's zone, for lines that follow each other closely: `14:03:09`. */
export function formatClock(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? '--:--:--'
    : `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** Date and time in this machine's zone: `2026-03-01 14:03:09`. */
export function formatMoment(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${formatClock(iso)}`;
}
