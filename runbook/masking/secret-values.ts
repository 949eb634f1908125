import type { EnvPair } from './env-text.ts';
import { isOrdinary, isPlainUrl, isWordy } from './ordinary-value.ts';

const secretName = /pass|secret|token|key|credential|dsn/i;
/** The last word of a name that says what kind of setting it is, and with it that it is none to hide. */
const settingName =
  /(?:^|[_.-])(?:file|path|dir|folder|port|host|hostname|image|tag|version|ttl|expir\w*|timeout|seconds|minutes|hours|days|size|length|count|limit|enabled|url|uri|endpoint|type|algorithm|alg|header|issuer|audience)$/i;
/** A name for something that people call by its name. */
const namingName =
  /(?:^|[_.-])(?:user(?:name)?|db|database|name|level|env(?:ironment)?|mode|region|profiles?|project|bucket|topic|queue|schema|role|group|locale|lang(?:uage)?|driver|backend|engine|format|network|namespace|domain|policy|restart|strategy|type|kind|class|style|theme)$/i;
const trivial = /^(?:true|false|yes|no|on|off|none|null|default|undefined|\*+|x+|0+)$/i;

const shortestNamed = 4;
const shortest = 8;

/** Values that no message may show, among what is known of a stack's environment. */
export function secretValues(pairs: Iterable<EnvPair>, known: ReadonlySet<string> = new Set()): Set<string> {
  const secrets = new Set<string>();
  for (const { name, value } of pairs) {
    for (const part of partsOf(value)) add(secrets, part);
    if (isSecret(name, value, known)) add(secrets, value);
  }
  return secrets;
}

function isSecret(name: string, value: string, known: ReadonlySet<string>): boolean {
  const text = value.trim();
  if (trivial.test(text) || known.has(text)) return false;
  if (secretName.test(name)) {
    return text.length >= shortestNamed && !(settingName.test(name) && isOrdinary(text, known));
  }
  if (text.length < shortest || isOrdinary(text, known)) return false;
  if (namingName.test(name) && isWordy(text)) return false;
  return !isPlainUrl(text.replace(/:[^\s/@:]*@/, '@'));
}

/** Also line by line, since a log shows a key like that. */
function add(secrets: Set<string>, value: string): void {
  secrets.add(value);
  if (!value.includes('\n')) return;
  for (const line of value.split('\n').map((each) => each.trim()))
    if (line.length >= 12 && !line.startsWith('-----')) secrets.add(line);
}

/** Secrets inside of a value, whatever its name: passwords of URLs and of connection strings, and named leaves of JSON. */
export function partsOf(value: string): string[] {
  const found: string[] = [];
  for (const match of value.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:([^\s/?#]+)@/gi)) found.push(match[1]!);
  const named =
    /(?:^|[?&;\s])[\w-]*(?:pass(?:word|wd)?|pwd|secret|token|sig(?:nature)?|key|credential)=("[^"]*"|'[^']*'|[^&;\s]+)/gi;
  for (const match of value.matchAll(named)) found.push(match[1]!.replace(/^["']|["']$/g, ''));
  if (/^\s*[[{]/.test(value)) found.push(...leaves(value));
  return found.flatMap((part) => [part, decoded(part)]).filter((part) => part.length >= shortestNamed);
}

function leaves(json: string): string[] {
  try {
    const found: string[] = [];
    JSON.parse(json, (name, leaf: unknown) => {
      if (typeof leaf === 'string' && secretName.test(name)) found.push(leaf);
      return leaf;
    });
    return found;
  } catch {
    return [];
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Texts in SQL that are passwords by their place, or that look like nothing that people write. */
export function secretsInSql(sql: string): string[] {
  const byPlace = [...sql.matchAll(/\bpassword\s{1,20}'((?:[^']|''){4,500})'/gi)].map((match) => match[1]!);
  const odd = [...sql.matchAll(/'((?:[^'\n]|''){8,500})'/g)]
    .map((match) => match[1]!)
    .filter((text) => /\d/.test(text) && /[A-Za-z]/.test(text) && !/\s/.test(text) && !isOrdinary(text, new Set()));
  return [...byPlace, ...odd].flatMap((text) => [text, text.replaceAll("''", "'")]);
}
