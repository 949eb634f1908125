/** Secrets stand in a plan by reference only; the worker resolves them at the moment of use. */

/** The one grammar of a reference; everything that reads, checks or resolves one builds on the functions below. */
const grammar = String.raw`\$\{(?:(env):([A-Za-z_][A-Za-z0-9_]*)|(file):([^}\n]{1,500}))\}`;
const reference = new RegExp(grammar, 'g');
/** A text that holds one. */
export const aReference = new RegExp(grammar);
/** A value that is one reference and nothing else. */
const onlyReference = new RegExp(`^${grammar}$`);

export const secretHint =
  'Write a reference such as ${env:NAME} or ${file:/run/secrets/name}; only the worker reads what it stands for.';

/** `${env:NAME}` or `${file:PATH}`, and where it stands in its text. */
export interface SecretReference {
  kind: 'env' | 'file';
  name: string;
  start: number;
  end: number;
}

/** All references in a text, in order. */
export function referencesIn(text: string): SecretReference[] {
  return [...text.matchAll(reference)].map((match) => ({
    kind: match[1] === undefined ? 'file' : 'env',
    name: match[2] ?? match[4] ?? '',
    start: match.index,
    end: match.index + match[0].length,
  }));
}

export function isSecretReference(text: string): boolean {
  return onlyReference.test(text);
}

/** The names of all references in a text, as written between the braces. */
export function secretReferences(text: string): string[] {
  return referencesIn(text).map(({ kind, name }) => `${kind}:${name}`);
}

/** A text with each reference replaced. */
export function replaceReferences(text: string, by: (reference: SecretReference) => string): string {
  let replaced = '';
  let from = 0;
  for (const found of referencesIn(text)) {
    replaced += text.slice(from, found.start) + by(found);
    from = found.end;
  }
  return replaced + text.slice(from);
}

/** `${…}` in a text that is no reference we know, e.g. `${ORDERS_URL}`. */
export function unknownReferences(text: string): string[] {
  return [...replaceReferences(text, () => '').matchAll(/\$\{[^}]*\}?/g)].map((match) => match[0]);
}

const secretKey =
  /(^|[_-])(pass(word|phrase|wd)|pwd|token|secret|credentials?|api[_-]?key|private[_-]?key|access[_-]?key|identity)$/i;

/** Whether a key's name says that its value is a secret: `password`, `apiToken`, `CLIENT_SECRET`. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key.replace(/([a-z])([A-Z])/g, '$1_$2'));
}

/** A secret written out where anybody can read it, and where it stands in the text. */
export interface PlainSecret {
  start: number;
  end: number;
  what: string;
  /** Where another way out than a reference is meant. */
  hint?: string;
}

const identityHint =
  'Write the public key, which `age-keygen -y FILE` prints, or a reference to the private one; and make a new pair, since this one was seen.';

/** Finds `scheme://user:password@` and `…PASSWORD=value` whose password is no reference, and private keys of age. */
export function findPlainSecret(text: string): PlainSecret | undefined {
  const masked = replaceReferences(text, ({ start, end }) => '\u0000'.repeat(end - start));
  const url = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#@:]{0,200}:([^\s/?#@\u0000]{1,500})@/i.exec(masked);
  if (url) return locate(url, 'a url with its password');
  const query = /[?&](?:password|sslpassword|passfile)=([^&\s\u0000]+)/i.exec(masked);
  if (query) return locate(query, 'a url with its password');
  const inSql = /\bpassword\s{1,20}'([^'\u0000]{1,500})'/i.exec(masked);
  if (inSql) return locate(inSql, 'a password');
  const assignment =
    /(?:^|[\s"'-])-{0,2}[A-Za-z0-9_-]{0,60}(?:password|passwd|pwd|token|secret|api[_-]?key)=(?!\$)([^\s"'\u0000]+)/i.exec(
      masked,
    );
  if (assignment) return locate(assignment, 'a password');
  const identity = /\b(AGE-SECRET-KEY-[A-Z0-9]+)/i.exec(masked);
  if (identity) return { ...locate(identity, 'a private key'), hint: identityHint };
  return undefined;
}

function locate(match: RegExpExecArray, what: string): PlainSecret {
  const value = match[1] ?? '';
  const start = match.index + match[0].lastIndexOf(value);
  return { start, end: start + value.length, what };
}
