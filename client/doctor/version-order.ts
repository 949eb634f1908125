/** The first dotted number in a text, as numbers: `Docker Compose version v2.26.1-4` gives [2, 26, 1]. */
export const versionIn = (text: string): number[] =>
  (/\d+(?:\.\d+)+/.exec(text)?.[0] ?? '').split('.').filter(Boolean).map(Number);

/** Whether a version is at least the wanted one, part by part. */
export function atLeast(found: readonly number[], wanted: readonly number[]): boolean {
  if (found.length === 0) return false;
  for (const [index, part] of wanted.entries()) {
    const have = found[index] ?? 0;
    if (have !== part) return have > part;
  }
  return true;
}
