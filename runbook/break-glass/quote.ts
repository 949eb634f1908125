/** One word of a shell, whatever is in it: nothing in single quotes means anything, but the quote itself. */
export function quote(text: string): string {
  // No argument of a program can hold it; in a name it is never meant.
  const plain = text.replaceAll('\0', '');
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", `'\\''`)}'`;
}

export const words = (list: readonly string[]) => list.map(quote).join(' ');

/** Free text for people, on one line: what it says may not turn into a line of its own, nor steer a terminal. */
export const oneLine = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 300);

/**
 * Lines of a comment. The only way in which text gets into a script without quotes: every line begins with `#` and stays one line.
 */
export const comment = (lines: readonly string[]) =>
  lines.map((line) => `# ${line.startsWith('  ') ? '  ' : ''}${oneLine(line)}`.trimEnd()).join('\n');

/** `name=value` and `name=(value …)`, one a line. Names are the renderer's own. */
export const assignments = (set: Readonly<Record<string, string | readonly string[]>>, indent = '') =>
  Object.entries(set)
    .map(([name, value]) => `${indent}${name}=${typeof value === 'string' ? quote(value) : `(${words(value)})`}`)
    .join('\n');
