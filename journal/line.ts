import * as crypto from 'node:crypto';
import { journalFormat, type JournalRecord } from '../runbook/journal.ts';

/** A line is `FORMAT CHECKSUM JSON`: the checksum is the first 16 hex digits of the SHA-256 of the JSON text. */
export function encodeLine(record: JournalRecord & { nonce: string }): string {
  const json = JSON.stringify(record);
  return `${journalFormat} ${checksum(json)} ${json}\n`;
}

/** @returns the record, `undefined` for a damaged or torn line, or the format number of a line that is too new to read. */
export function decodeLine(line: Buffer): (JournalRecord & { nonce: string }) | undefined | { newer: number } {
  // The checksum is taken of the bytes as they lie in the file: journals have tens of thousands of lines.
  const match = head.exec(line.toString('latin1', 0, longestHead));
  const [start, format, sum] = match ?? [];
  if (start === undefined || line.at(-1) !== closingBrace) return undefined;
  const json = line.subarray(start.length - 1);
  if (checksum(json) !== sum) return undefined;
  if (Number(format) > journalFormat) return { newer: Number(format) };
  return JSON.parse(json.toString('utf8')) as JournalRecord & { nonce: string };
}

/** Up to the brace that opens the JSON. */
const head = /^(\d{1,4}) ([0-9a-f]{16}) \{/;
const longestHead = 4 + 1 + 16 + 1 + 1;
const closingBrace = '}'.charCodeAt(0);

/** Half the time of a hash object for every line, from Node 20.12 on. */
const sha256 = crypto.hash
  ? (text: string | Buffer) => crypto.hash('sha256', text, 'hex')
  : (text: string | Buffer) => crypto.createHash('sha256').update(text).digest('hex');

const checksum = (text: string | Buffer) => sha256(text).slice(0, 16);
