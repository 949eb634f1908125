import { SwitchbackError } from '../../../runbook/errors.ts';
import type { Connection } from './connection.ts';

/**
 * Runs one command that the server itself says only reads, and returns its single value.
 * @throws `PlanInvalid`
 */
export async function probe(connection: Connection, query: string, store: string): Promise<string> {
  const refuse = (why: string) =>
    new SwitchbackError('PlanInvalid', `a check on store ${store} ${why}`, {
      hint: 'Write one command that only reads and has one value, e.g. GET key, DBSIZE, LLEN list.',
    });
  const words = splitWords(query);
  const [command = ''] = words;
  if (command === '') throw refuse('names no command');
  const [about] = await connection.list('COMMAND', 'INFO', command);
  if (!Array.isArray(about)) throw refuse(`names a command that the server does not have: ${command}`);
  const flags = Array.isArray(about[2]) ? about[2].map(String) : [];
  if (!flags.includes('readonly')) throw refuse(`may change something: ${command} is no command that only reads`);
  if (flags.includes('blocking')) throw refuse(`waits: ${command}`);
  const value = await connection.call(...words);
  if (Array.isArray(value)) throw refuse(`gives ${value.length} values, not one`);
  return value === null ? '' : String(value);
}

/** As redis-cli takes them: apart by spaces, with '…' and "…" around what has some. */
function splitWords(query: string): string[] {
  const found = query.trim().matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g);
  return [...found].map(([, double, single, bare]) => double?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '');
}
