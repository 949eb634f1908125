import {
  isAlias,
  isMap,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type Document,
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

/** Where nesting goes past the limit: found on the token stream, before anything recursive sees the text. */
function tooDeep(text: string): number | undefined {
  const parser = new Parser();
  for (const token of new Lexer().lex(text)) {
    // The parser's own stack: one entry for each open collection, one for the document, one for an open scalar.
    if (parser.stack.length > deepest + 2) return parser.offset;
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
  const problems = [...document.errors, ...document.warnings].map((error) => explain(error, text));
  const pairProblems = refusedNodes(document, aliases);
  return { document, problems: unique([...problems, ...pairProblems]) };
}

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
  visit(document, {
    Node(_key, node) {
      const [start, end] = [node.range?.[0] ?? 0, node.range?.[1] ?? 1];
      if (!aliases && isAlias(node)) {
        problems.push({
          start,
          end,
          message: `\`*${node.source}\` is an alias`,
          hint: 'Write out what is meant: in a plan, each place says what holds there.',
        });
      } else if (!aliases && !isAlias(node) && node.anchor !== undefined) {
        problems.push({
          start,
          end,
          message: `\`&${node.anchor}\` is an anchor`,
          hint: 'Leave it out: plans have no aliases.',
        });
      }
    },
    Pair(_key, pair) {
      if (!isScalar(pair.key) || typeof pair.key.value !== 'string') {
        const range = isScalar(pair.key) || isMap(pair.key) ? pair.key.range : undefined;
        const shown = isScalar(pair.key) ? `\`${String(pair.key.value)}\`` : 'something';
        if (!aliases) {
          problems.push({
            start: range?.[0] ?? 0,
            end: range?.[1] ?? 1,
            message: `${shown} is a key that is not text`,
            hint: 'Put quotes around it.',
          });
        }
      } else if (pair.key.value === '__proto__') {
        const [start, end] = [pair.key.range?.[0] ?? 0, pair.key.range?.[1] ?? 1];
        problems.push({ start, end, message: `\`${pair.key.value}\` cannot be a key`, hint: 'Remove it.' });
      }
    },
  });
  return problems;
}

/** The parser's words are for people who know YAML's grammar; these are for the others. */
function explain(error: YAMLError, text: string): YamlProblem {
  const [start, end] = error.pos;
  const at = { start: Math.min(start, text.length), end: Math.max(Math.min(end, text.length), start + 1) };
  const said = (error.message.split('\n')[0] ?? '').replace(/[.:]$/, '');
  const word = text.slice(start, Math.min(end, start + 40)).split('\n')[0] ?? '';
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { ...at, message: 'a tab cannot indent YAML', hint: 'Use spaces.' };
    case 'DUPLICATE_KEY':
      return { ...at, message: 'the same key stands here twice', hint: 'Keep one of them.' };
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
