import { formsOf } from './forms.ts';

export type Masker = (text: string) => string;

interface Form {
  text: string;
  /** Letters or digits that may not stand beside it: a short word is part of many others. */
  alone?: RegExp;
}

const mark = '***';
/** Of a secret that was cut off at the end of a text, this much gives it away. */
const shortestRest = 6;

/** Takes secrets out of a text, in every spelling, and what is a secret by its form: passwords in URLs and private keys. */
export function maskerOf(secrets: Iterable<string>): Masker {
  const byStart = new Map<string, Form[]>();
  const whole = new Set<string>();
  for (const secret of secrets) {
    whole.add(secret.trim());
    const alone = boundaryOf(secret.trim());
    for (const text of formsOf(secret)) {
      const start = text.slice(0, 4);
      const known = byStart.get(start) ?? [];
      if (!known.some((form) => form.text === text)) known.push({ text, ...(alone && { alone }) });
      byStart.set(start, known);
    }
  }
  const long = [...whole].filter((secret) => secret.length > shortestRest + 1);
  return (text) => maskForms(hide(text, [...places(text, byStart), ...cutOff(text, long)]));
}

function boundaryOf(secret: string): RegExp | undefined {
  if (/^[a-z]{1,5}$/i.test(secret)) return /[A-Za-z]/;
  return /^\d+$/.test(secret) ? /\d/ : undefined;
}

type Place = [start: number, end: number];

function places(text: string, byStart: ReadonlyMap<string, Form[]>): Place[] {
  const found: Place[] = [];
  if (byStart.size === 0) return found;
  for (let at = 0; at + 4 <= text.length; at += 1) {
    for (const { text: form, alone } of byStart.get(text.slice(at, at + 4)) ?? []) {
      if (!text.startsWith(form, at)) continue;
      const end = at + form.length;
      if (alone && (alone.test(text[at - 1] ?? '') || alone.test(text[end] ?? ''))) continue;
      found.push([at, end]);
    }
  }
  return found;
}

/** A text that somebody has shortened may begin or end inside of a secret. */
function cutOff(text: string, secrets: readonly string[]): Place[] {
  const end = text.replace(/(?:…|\.\.\.)$/, '').length;
  return secrets.flatMap((secret): Place[] => {
    const least = Math.max(shortestRest, Math.ceil(secret.length / 2));
    const found: Place[] = [];
    for (let length = Math.min(secret.length - 1, end); length >= least; length -= 1) {
      if (text.startsWith(secret.slice(0, length), end - length)) found.push([end - length, end]);
      if (text.startsWith(secret.slice(-length))) found.push([0, length]);
    }
    return found;
  });
}

function hide(text: string, found: readonly Place[]): string {
  let hidden = '';
  let from = 0;
  for (const [start, end] of [...found].sort(([a], [b]) => a - b)) {
    if (end <= from) continue;
    // One that overlaps the one before continues it.
    if (start >= from) hidden += text.slice(from, start) + (start === from && hidden.endsWith(mark) ? '' : mark);
    from = end;
  }
  return hidden + text.slice(from);
}

/** A value that is a secret by its form alone. */
export function maskForms(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi, `$1:${mark}@`)
    .replace(/AGE-SECRET-KEY-[A-Z0-9]+/gi, mark)
    .replace(/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, `$1${mark}$2`);
}
