/** Whether a file-system call failed because there is nothing of that name. */
export function isMissing(error: unknown): boolean {
  // Not `instanceof Error`: Node's own errors belong to another realm than a test's.
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
