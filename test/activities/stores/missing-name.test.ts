import { describe, expect, it } from '@jest/globals';
import { missingName } from '../../../activities/stores/postgres/run-tool.ts';

const said = (message: string) =>
  `pg_restore: error: could not execute query: ERROR:  ${message}\nCommand was: CREATE INDEX x`;

describe('what a dump names and does not bring', () => {
  it('is found in what pg_restore says', () => {
    expect(missingName(said('function pre(text) does not exist\nLINE 1: select lower(pre(t))'))).toBe(
      'function pre(text) does not exist',
    );
    expect(missingName(said('relation "docs" does not exist'))).toBe('relation "docs" does not exist');
  });

  it('is nothing where something else was in the way: another attempt may do', () => {
    for (const other of [
      'out of memory',
      'could not extend file "base/1": No space left on device',
      'role "app" does not exist',
      'database "x" does not exist',
    ])
      expect(missingName(said(other))).toBeUndefined();
    expect(missingName('pg_restore: error: connection to server failed')).toBeUndefined();
  });
});
