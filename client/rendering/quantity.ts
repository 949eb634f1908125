import { formatCount } from '../../runbook/plural.ts';

export { formatCount, plural } from '../../runbook/plural.ts';

const steps = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in binary units, three significant places: `512 B`, `1.21 GiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '-';
  if (Math.abs(bytes) < 1024) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  // 1023.6 KiB would print as "1024 KiB".
  while (Math.abs(value) >= 1023.5 && unit < steps.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const places = Math.abs(value) < 9.995 ? 2 : Math.abs(value) < 99.95 ? 1 : 0;
  return `${value.toFixed(places)} ${steps[unit]!}`;
}

/** An amount in its unit: bytes are scaled, everything else is counted. */
export const formatAmount = (amount: number, unit: string | undefined) =>
  unit === 'bytes' ? formatBytes(amount) : unit === undefined ? formatCount(amount) : `${formatCount(amount)} ${unit}`;
