import { z } from 'zod';

const unitBytes: Record<string, number> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
const pattern = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** Bytes of a size such as `44GiB` or `512 MB`; undefined when the text is something else. */
export function parseSize(text: string): number | undefined {
  const match = pattern.exec(text);
  return match ? Math.round(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? Number.NaN)) : undefined;
}

/** `47244640256` → `44 GiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = unitBytes[unit] ?? 1;
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${unit}`;
  }
  return `${bytes} B`;
}

/** A size in memory or on disk; parses to bytes. */
export const size = z
  .string()
  .regex(pattern, 'is not a size')
  .transform((text) => parseSize(text) ?? 0)
  .describe('A size: a number with a unit, such as 512MiB, 44GiB or 2TB.');
