import type { FileUse } from '../../runbook/plan/index.ts';
import type { Blackout } from './plan-issue.ts';
import type { SourceText } from './source-text.ts';

/** All repetitions are bounded: these run over texts that nobody has checked yet. */
const envValue = /^[ \t]{0,20}(?:export[ \t]{1,9})?[A-Za-z_][A-Za-z0-9_.-]{0,200}[ \t]{0,20}[=:]([^\n]+)/dgm;
/** A line that is no assignment may be a part of a value, or a broken one. */
const noAssignment =
  /^(?![ \t]{0,20}(?:export[ \t]{1,9})?[A-Za-z_][A-Za-z0-9_.-]{0,200}[ \t]{0,20}(?:[=:]|$))([^\n]+)/dgm;
const quoted =
  /(?:password|passwd|secret|token|api[_-]?key)["']?[ \t]{0,20}[:=]?[ \t]{0,20}('[^'\n]{0,500}'|"[^"\n]{0,500}")/dgi;
const bare = /(?:password|passwd|secret|token|api[_-]?key)["']?[ \t]{0,20}[:=][ \t]{0,20}([^\s,}'"]{1,500})/dgi;
const inAddress = /:\/\/[^\s:/@]{0,200}:([^\s@/]{1,500})@/dg;

/** Stretches of a file that no frame may show: all values of an env file, and what looks like a password elsewhere. */
export function secretsInFile(source: SourceText, use: FileUse): Blackout[] {
  const patterns = use === 'env' ? [envValue, noAssignment] : [quoted, bare, inAddress];
  return patterns.flatMap((pattern) =>
    [...source.text.matchAll(pattern)].flatMap((match) => {
      const [start, end] = match.indices?.[1] ?? [0, 0];
      return end > start ? [{ source, start, end }] : [];
    }),
  );
}
