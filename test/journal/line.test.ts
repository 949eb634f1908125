import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeLine, encodeLine } from '../../journal/line.ts';
import type { JournalRecord } from '../../runbook/journal.ts';

const record: JournalRecord & { nonce: string } = {
  ...{ seq: 1, at: '2026-01-01T00:00:00Z', run: 'r1', epoch: 1, type: 'decision', command: 'pause', by: 'Zoë' },
  nonce: 'n',
};
const line = (text: string) => Buffer.from(text);
const sum = (json: string) => createHash('sha256').update(json).digest('hex').slice(0, 16);
const written = (json: string, format = '1') => line(`${format} ${sum(json)} ${json}`);

describe('a line of the journal', () => {
  it('is its format, the checksum of its JSON, and the JSON', () => {
    const json = JSON.stringify(record);
    expect(encodeLine(record)).toBe(`1 ${sum(json)} ${json}\n`);
    expect(decodeLine(line(encodeLine(record).slice(0, -1)))).toEqual(record);
  });

  it('is nothing at every length but its own', () => {
    const whole = encodeLine(record).slice(0, -1);
    for (let length = 0; length < Buffer.byteLength(whole); length += 1)
      expect(decodeLine(line(whole).subarray(0, length))).toBeUndefined();
    expect(decodeLine(line(`${whole}}`))).toBeUndefined();
    expect(decodeLine(line(`${whole} `))).toBeUndefined();
  });

  it('is nothing where a byte of it has changed', () => {
    const whole = line(encodeLine(record).slice(0, -1));
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      const read = decodeLine(damaged);
      // The format alone is not covered: `0` is read as what it says, an old one.
      if (at > 0) expect(read).toBeUndefined();
    }
    expect(decodeLine(line(`x${whole.toString()}`))).toBeUndefined();
    expect(decodeLine(line(whole.toString().replace(/^1 /, '1  ')))).toBeUndefined();
  });

  it('of a newer version names its format, of up to four digits, and is nothing where its text does not hold', () => {
    expect(decodeLine(written('{"a":1}', '2'))).toEqual({ newer: 2 });
    expect(decodeLine(written('{"a":1}', '4711'))).toEqual({ newer: 4711 });
    expect(decodeLine(written('{"a":1}', '47110'))).toBeUndefined();
    expect(decodeLine(line('2 0123456789abcdef {"a":1}'))).toBeUndefined();
    expect(decodeLine(written('{}'))).toEqual({});
  });
});
