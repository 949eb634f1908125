import { createHash } from 'node:crypto';
import { journalFormat, type JournalRecord } from '../runbook/journal.ts';

/** A line is `FORMAT CHECKSUM JSON`: the checksum is the first 16 hex digits of the SHA-256 of the JSON text. */
export function encodeLine(record: JournalRecord & { nonce: string }): string {
  const json = JSON.stringify(record);
  return `${journalFormat} ${checksum(json)} ${json}\n`;
}

/** @returns the record, `undefined` for a damaged or torn line, or the format number of a line that is too new to read. */
export function decodeLine(line: string): (JournalRecord & { nonce: string }) | undefined | { newer: number } {
  const match = /^(\d{1,4}) ([0-9a-f]{16}) (\{.*\})$/.exec(line);
  const [, format, sum, json] = match ?? [];
  if (format === undefined || sum === undefined || json === undefined || checksum(json) !== sum) return undefined;
  if (Number(format) > journalFormat) return { newer: Number(format) };
  return JSON.parse(json) as JournalRecord & { nonce: string };
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
