import { z } from 'zod';

/** A path inside the stack's directory. Whether something is there, and is no link to outside, the reader finds out. */
export const stackPath = z
  .string()
  .min(1)
  .max(500)
  .refine((path) => !path.startsWith('/') && !/^[A-Za-z]:/.test(path), { error: 'is an absolute path' })
  .refine((path) => !path.split(/[/\\]/).includes('..'), { error: 'leads out of the stack directory' })
  .refine((path) => !/[\u0000-\u001f\\]/.test(path), { error: 'is no path: it has a control character or a backslash' })
  .describe('A path relative to the stack directory, which it cannot leave.');

/** The same path always written the same way: no `./`, no doubled or trailing slash. */
export function tidyPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 ? '.' : parts.join('/');
}
