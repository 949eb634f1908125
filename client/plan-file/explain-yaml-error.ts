import { isCollection, isScalar, visit, type Document, type YAMLError } from 'yaml';
import type { YamlProblem } from './yaml-problem.ts';

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
export function explainYamlError(error: YAMLError, text: string, document: Document.Parsed): YamlProblem {
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
