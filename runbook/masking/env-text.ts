/** A line of an env file, read so tolerantly that also a broken one gives away what it may hold. */
export interface EnvPair {
  /** Empty where the line has none. */
  name: string;
  value: string;
}

const assignment = /^\s*#?\s*(?:export\s+)?([^=:\s"'#][^=:]{0,200}?)\s*[=:]\s?(.*)$/;

/** Every name and all that its value could be: as written, without quotes, without a comment, unescaped, over several lines. */
export function pairsInEnvText(text: string): EnvPair[] {
  const lines = text.split(/\r?\n/);
  const pairs: EnvPair[] = [];
  let name = '';
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const match = assignment.exec(line);
    if (match) name = match[1]!.trim();
    const right = match ? match[2]! : line;
    if (!match && /^\s*#/.test(line)) continue;
    for (const value of readings(right)) pairs.push({ name, value });
    const whole = match ? quotedOverLines(right, lines.slice(index + 1)) : undefined;
    if (whole !== undefined) pairs.push({ name, value: whole });
  }
  return pairs;
}

function readings(right: string): Set<string> {
  const raw = right.trim();
  const bare = raw.replace(/\s+#.*$/, '').trim();
  const inQuotes = /^(["'])(.*?)\1/.exec(raw)?.[2];
  const halfQuoted = [raw, bare].map((value) => value.replace(/^["']|["']$/g, ''));
  const read = [raw, bare, ...halfQuoted, ...(inQuotes === undefined ? [] : [inQuotes])];
  return new Set([...read, ...read.map(unescaped)].filter((value) => value !== ''));
}

const unescaped = (value: string) =>
  value.replace(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter === 't' ? '\t' : letter));

function quotedOverLines(right: string, after: readonly string[]): string | undefined {
  const quote = /^\s*(["'])/.exec(right)?.[1];
  if (quote === undefined) return undefined;
  const begun = right.trimStart().slice(1);
  if (begun.includes(quote)) return undefined;
  const end = after.findIndex((line) => line.includes(quote));
  if (end === -1) return undefined;
  const last = after[end]!;
  return [begun, ...after.slice(0, end), last.slice(0, last.indexOf(quote))].join('\n');
}

/** What is wrong with a line of an env file, without a word of what stands in it. */
export interface BrokenLine {
  line: number;
  /** Of the text. */
  start: number;
  end: number;
  problem: string;
}

/** The first line at which Compose would stop reading, by its own rules. */
export function brokenEnvLine(text: string): BrokenLine | undefined {
  let at = 0;
  const broken = (start: number, problem: string): BrokenLine => {
    const rest = text.indexOf('\n', start);
    const end = Math.max(start + 1, rest === -1 ? text.length : rest);
    return { line: text.slice(0, start).split('\n').length, start, end, problem };
  };
  const lineEnd = (from: number) => {
    const end = text.indexOf('\n', from);
    return end === -1 ? text.length : end;
  };
  while (at < text.length) {
    if (/\s/.test(text[at]!) || (at === 0 && text[at] === '\uFEFF')) {
      at += 1;
      continue;
    }
    if (text[at] === '#') {
      at = lineEnd(at);
      continue;
    }
    const start = at;
    const line = text.slice(start, lineEnd(start));
    const [, prefix = ''] = /^(export\s+)/.exec(line) ?? [];
    const sign = line.slice(prefix.length).search(/[=:]/);
    const name = (sign === -1 ? line.slice(prefix.length) : line.slice(prefix.length, prefix.length + sign)).trimEnd();
    if (/[^\p{L}\p{N}_.\-[\]\s]/u.test(name)) return broken(start, 'a character that no variable has in its name');
    if (/\s/.test(name)) return broken(start, 'a variable with a space in its name');
    if (name === '' && sign !== -1) return broken(start, 'a value without a name');
    if (sign === -1) {
      at = lineEnd(start);
      continue;
    }
    at = start + prefix.length + sign + 1;
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    const quote = text[at];
    if (quote !== '"' && quote !== "'") {
      at = lineEnd(at);
      continue;
    }
    const close = closing(text, at + 1, quote);
    if (close === -1) return broken(start, 'a quote that is not closed');
    at = close + 1;
  }
  return undefined;
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}
