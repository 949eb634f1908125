import {
  isAlias,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type Document,
  type ErrorCode,
} from 'yaml';
import { explainYamlError } from './explain-yaml-error.ts';
import type { YamlProblem } from './yaml-problem.ts';

export type { YamlProblem } from './yaml-problem.ts';

export interface ParsedYaml {
  /** Undefined when the text must not, or could not, be parsed. */
  document: Document.Parsed | undefined;
  problems: YamlProblem[];
}

/** Deeper than anything that a person writes, and far from where a parser runs out of stack. */
export const deepest = 64;

/** Of aliases that stand for aliases: sixty services that share three nested anchors count some thousands; a bomb, millions. */
export const largestAliasCount = 100_000;

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
  const problems = said.map((error) => explainYamlError(error, text, document));
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
        const written = isScalar(key) && key.source !== undefined && key.source !== '' ? key.source : undefined;
        // As it stands there: `.inf` is known to no one by what it means.
        const shown = typeof text === 'number' || typeof text === 'boolean' ? `\`${written ?? text}\`` : 'something';
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
