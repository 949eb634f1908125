import {
  isAlias,
  isCollection,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type Document,
  type ErrorCode,
  type YAMLError,
} from 'yaml';

/** A place in a YAML text that is not as it must be. */
export interface YamlProblem {
  start: number;
  end: number;
  message: string;
  hint?: string;
}

export interface ParsedYaml {
  /** Undefined when the text must not, or could not, be parsed. */
  document: Document.Parsed | undefined;
  problems: YamlProblem[];
}

/** Deeper than anything that a person writes, and far from where a parser runs out of stack. */
export const deepest = 64;

const collections = new Set(['block-map', 'block-seq', 'flow-collection']);

/** Where nesting goes past the limit: found on the token stream, before anything recursive sees the text. */
function tooDeep(text: string): number | undefined {
  const parser = new Parser();
  for (const token of new Lexer().lex(text)) {
    // The parser's own stack: the document, each open collection, and sometimes an open scalar.
    if (parser.stack.length > deepest && parser.stack.filter(({ type }) => collections.has(type)).length > deepest) {
      return Math.max(0, parser.offset - 1);
    }
    // Its output is not wanted; asking for it is what moves the parser on.
    Array.from(parser.next(token));
  }
  return undefined;
}

/**
 * Parses YAML of people. `aliases`: allowed in Compose files, refused in plans, where a reader should see at a place what
 * holds there.
 */
export function parseYaml(text: string, { aliases }: { aliases: boolean }): ParsedYaml {
  const deep = tooDeep(text);
  if (deep !== undefined) {
    return {
      document: undefined,
      problems: [
        {
          start: deep,
          end: deep + 1,
          message: `is nested more than ${deepest} levels deep`,
          hint: 'Look for brackets that are opened and never closed.',
        },
      ],
    };
  }
  const document = parseDocument(text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: false,
    merge: aliases,
    version: '1.2',
    schema: 'core',
  });
  const errors = [...document.errors, ...document.warnings];
  // One wrong bracket or column makes the parser stumble again and again: only its first stumble means something.
  const first = errors.find(({ code }) => !independent.has(code));
  const said = errors.filter((error) => independent.has(error.code) || error === first);
  const problems = said.map((error) => explain(error, text, document));
  return { document, problems: unique([...problems, ...refusedNodes(document, aliases)]) };
}

/** Mistakes after which the parser goes on as if nothing had been. */
const independent = new Set<ErrorCode>(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'BAD_DQ_ESCAPE']);

function unique(problems: YamlProblem[]): YamlProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ start, message }) => {
    const key = `${start} ${message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Nodes that YAML allows and we do not. */
function refusedNodes(document: Document.Parsed, aliases: boolean): YamlProblem[] {
  const problems: YamlProblem[] = [];
  const references: YamlProblem[] = [];
  visit(document, {
    Node(_key, node) {
      const [start, end] = [node.range?.[0] ?? 0, node.range?.[1] ?? 1];
      if (isAlias(node)) references.push({ start, end, message: `\`*${node.source}\` is an alias` });
      else if (node.anchor !== undefined) references.push({ start, end, message: `\`&${node.anchor}\` is an anchor` });
    },
    Pair(_key, { key }) {
      const text = isScalar(key) ? key.value : undefined;
      const [start, end] = (isNode(key) ? key.range : undefined) ?? [0, 1];
      if (text === '__proto__')
        problems.push({ start, end, message: '`__proto__` cannot be a key', hint: 'Remove it.' });
      else if (typeof text !== 'string' && !aliases) {
        const shown = typeof text === 'number' || typeof text === 'boolean' ? `\`${text}\`` : 'something';
        problems.push({ start, end, message: `${shown} is a key that is not text`, hint: 'Put quotes around it.' });
      }
    },
  });
  const [reference] = references.sort((a, b) => a.start - b.start);
  if (aliases || reference === undefined) return problems;
  const more = references.length > 1 ? `, the first of ${references.length} anchors and aliases` : '';
  const hint = 'Write out what is meant: in a plan, each place says what holds there.';
  return [...problems, { ...reference, message: reference.message + more, hint }];
}

/** The bracket or quote that was opened before an error and never closed. */
function opened(document: Document.Parsed, text: string, before: number): { start: number; what: string } | undefined {
  let found: { start: number; what: string } | undefined;
  visit(document, {
    Node(_key, node) {
      const [start, end] = node.range ?? [before, before];
      const opener = text[start] ?? '';
      const closer = { '[': ']', '{': '}', "'": "'", '"': '"' }[opener];
      const quoted = isScalar(node) && (node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE');
      if (closer === undefined || start >= before || !(quoted || (isCollection(node) && node.flow === true))) return;
      if (end - start < 2 || text[end - 1] !== closer) found = { start, what: opener };
    },
  });
  return found;
}

/** The parser's words are for people who know YAML's grammar; these are for the others. */
function explain(error: YAMLError, text: string, document: Document.Parsed): YamlProblem {
  const [start, end] = error.pos;
  const at = { start: Math.min(start, text.length), end: Math.max(Math.min(end, text.length), start + 1) };
  const said = (error.message.split('\n')[0] ?? '').replace(/[.:]$/, '');
  const word = text.slice(start, Math.min(end, start + 40)).split('\n')[0] ?? '';
  const open = /end with a|missing closing|must end with/i.test(said) ? opened(document, text, at.end) : undefined;
  if (open !== undefined) {
    const { start: from, what } = open;
    const kind = what === "'" || what === '"' ? 'quote' : 'bracket';
    return {
      start: from,
      end: from + 1,
      message: `the ${kind} \`${what}\` is never closed`,
      hint: `Close it, or put it into quotes if it is meant as text.`,
    };
  }
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { ...at, message: 'a tab cannot indent YAML', hint: 'Use spaces.' };
    case 'DUPLICATE_KEY':
      return {
        ...at,
        message: `\`${/^[^\s:]{1,60}/.exec(text.slice(start))?.[0] ?? word}\` stands here twice`,
        hint: 'Keep one of them.',
      };
    case 'BAD_INDENT':
      return {
        ...at,
        message: 'the indentation does not fit what is above',
        hint: 'Keys of one mapping begin in the same column.',
      };
    case 'MULTIPLE_DOCS':
      return { ...at, message: 'a second document begins here', hint: 'A file holds one document: remove `---`.' };
    case 'TAG_RESOLVE_FAILED':
      return {
        ...at,
        message: `the tag \`${word}\` is not known here`,
        hint: 'Leave it out: plain YAML needs no tags.',
      };
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
    case 'MULTIPLE_ANCHORS':
      return { ...at, message: lower(said), hint: 'Put quotes around a value that begins with * or &.' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        ...at,
        message: 'there is a colon too many, or a mapping begins in the middle of a line',
        hint: 'Put quotes around a value that has a colon and a space in it.',
      };
    case 'MULTILINE_IMPLICIT_KEY':
      return {
        ...at,
        message: 'a key without its colon',
        hint: 'Write `key: value`, or close the quote or bracket of the line above.',
      };
    case 'MISSING_CHAR':
      if (said.includes('without - indicator'))
        return {
          ...at,
          message: 'the indentation does not fit what is above',
          hint: 'Keys of one mapping begin in the same column.',
        };
      return {
        ...at,
        message: lower(said),
        hint: 'Something that was opened before is not closed: a quote, a bracket, or a key lacks its colon.',
      };
    case 'BAD_SCALAR_START':
      return {
        ...at,
        message: `a plain value cannot begin with \`${word.slice(0, 1)}\``,
        hint: 'Put quotes around it.',
      };
    case 'BAD_DQ_ESCAPE':
      return { ...at, message: lower(said), hint: 'Use single quotes, or double the backslash.' };
    case 'RESOURCE_EXHAUSTION':
      return { ...at, message: 'is nested too deeply', hint: 'Look for brackets that are opened and never closed.' };
    default:
      return {
        ...at,
        message: lower(said),
        hint: 'Check quotes, brackets and indentation here and in the line above.',
      };
  }
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
