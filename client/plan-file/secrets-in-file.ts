import type { FileUse } from '../../runbook/plan/index.ts';
import type { Blackout } from './plan-issue.ts';
import type { SourceText } from './source-text.ts';

/** Stretches of a file that no frame may show: all values of an env file, and what looks like a password elsewhere. */
export function secretsInFile(source: SourceText, use: FileUse): Blackout[] {
  const pattern =
    use === 'env'
      ? /(?<==)[^\n]+/g
      : /(?<=(?:password|passwd|secret|token|api[_-]?key)["']?\s*[:=]?\s*)(?:'[^'\n]*'|"[^"\n]*"|(?<=[:=]\s*)[^\s,}]+)|(?<=:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi;
  return [...source.text.matchAll(pattern)].map((match) => ({
    source,
    start: match.index,
    end: match.index + match[0].length,
  }));
}
