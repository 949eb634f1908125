import load, { type PgQueryInstance } from 'libpg-query/wasm/libpg-query.js';
import type { ParsedScript, ParsedStatement, SqlParser } from '../../runbook/guard/sql-parser.ts';
import { fieldsOf, nodeOf, type SqlFields } from '../../runbook/guard/sql-tree.ts';
import { ScriptOffsets, skipComments } from './script-offsets.ts';

/** So often may a text exhaust the stack before another instance is there. Measured: more than twenty break one. */
const mostOverflows = 8;

/** PostgreSQL 18's own parser, in WebAssembly: it reads what servers of 13 to 18 read. */
class PostgresParser implements SqlParser {
  #instance: PgQueryInstance;
  #overflows = 0;

  constructor(instance: PgQueryInstance) {
    this.#instance = instance;
  }

  parse(text: string): ParsedScript {
    const nul = text.indexOf('\0');
    // For the parser a text ends there, for a reader it does not.
    if (nul !== -1) return wrongAt(text, nul, 'it holds a character of value zero');
    if (text.trim() === '') return { statements: [] };
    try {
      const { tree, error } = this.#call(text);
      if (error !== undefined) return wrongAt(text, error.at, error.message);
      return { statements: statementsOf(text, JSON.parse(tree) as SqlFields) };
    } catch (error) {
      this.#overflowed();
      return wrongAt(text, 0, `it cannot be parsed (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  parseBody(statement: string): SqlFields | undefined {
    if (statement.includes('\0') || statement.trim() === '') return undefined;
    const wasm = this.#instance;
    try {
      const result = this.#withText(statement, (pointer) => wasm._wasm_parse_plpgsql(pointer));
      const text = wasm.UTF8ToString(result);
      wasm._wasm_free_string(result);
      return text.startsWith('{') ? (JSON.parse(text) as SqlFields) : undefined;
    } catch {
      this.#overflowed();
      return undefined;
    }
  }

  #call(text: string): { tree: string; error?: { message: string; at: number } } {
    const wasm = this.#instance;
    const result = this.#withText(text, (pointer) => wasm._wasm_parse_query_raw(pointer));
    const [tree, error] = [wasm.getValue(result, 'i32'), wasm.getValue(result + 8, 'i32')];
    const found =
      error === 0
        ? { tree: wasm.UTF8ToString(tree) }
        : {
            tree: '',
            error: {
              message: wasm.UTF8ToString(wasm.getValue(error, 'i32')),
              at: Math.max(0, wasm.getValue(error + 16, 'i32') - 1),
            },
          };
    wasm._wasm_free_parse_result(result);
    return found;
  }

  #withText(text: string, work: (pointer: number) => number): number {
    if (this.#overflows > mostOverflows) throw new Error('too many texts before it were nested too deeply');
    const wasm = this.#instance;
    const bytes = wasm.lengthBytesUTF8(text) + 1;
    const pointer = wasm._malloc(bytes);
    wasm.stringToUTF8(text, pointer, bytes);
    const result = work(pointer);
    wasm._free(pointer);
    if (result === 0) throw new Error('it is out of memory');
    return result;
  }

  /** An instance does not get back the stack that it held when it was interrupted: another one takes over. */
  #overflowed(): void {
    this.#overflows++;
    void load().then((instance) => {
      this.#instance = instance;
      this.#overflows = 0;
    });
  }
}

function wrongAt(text: string, at: number, message: string): ParsedScript {
  // The parser counts characters as PostgreSQL does: those beyond the basic plane are two in a string of JavaScript.
  const start = Math.min([...text.slice(0, 2 * at)].slice(0, at).join('').length, text.length);
  const end = /^\S+/.exec(text.slice(start, start + 40));
  return { statements: [], wrong: { message, start, end: start + (end?.[0].length ?? 0) } };
}

function statementsOf(text: string, tree: SqlFields): ParsedStatement[] {
  const offsets = new ScriptOffsets(text);
  const raw = Array.isArray(tree['stmts']) ? tree['stmts'] : [];
  return raw.map((value): ParsedStatement => {
    const each = fieldsOf(value);
    const [from, length] = [Number(each['stmt_location'] ?? 0), Number(each['stmt_len'] ?? 0)];
    const begin = offsets.characters(from);
    const end = length === 0 ? text.length : offsets.characters(from + length);
    const { kind, fields } = nodeOf(each['stmt']);
    const start = skipComments(text, begin, end);
    return { kind, fields, start, end: start + text.slice(start, end).trimEnd().length };
  });
}

let loading: Promise<SqlParser> | undefined;

/** The parser of this process. */
export function loadSqlParser(): Promise<SqlParser> {
  loading ??= load().then((instance) => new PostgresParser(instance));
  return loading;
}
