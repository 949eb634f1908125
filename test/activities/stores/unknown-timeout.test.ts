import { expect, it } from '@jest/globals';

import { isOnlyUnknownTimeout } from '../../../activities/stores/postgres/run-tool.ts';

const unknown = 'could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"\n';
const sent = 'Command was: SET transaction_timeout = 0;\n';
const end = 'pg_restore: warning: errors ignored on restore: 2\n';
const one = `pg_restore: error: ${unknown}${sent}`;

it.each<[string, number, string, boolean]>([
  ['one connection', 1, one + end, true],
  ['two that speak at the same time', 1, `pg_restore:${one} error: ${unknown}${sent}${end}`, true],
  [
    'another error beside it',
    1,
    `${one}pg_restore: error: could not execute query: ERROR:  x\nCommand was: y;\n${end}`,
    false,
  ],
  ['another error in the middle of it', 1, `pg_restore:${one} error: COPY failed\n${end}`, false],
  ['no end of the work', 1, one, false],
  ['a crash', 2, one + end, false],
])('%s', (_what, exitCode, said, expected) => {
  expect(isOnlyUnknownTimeout({ exitCode, said })).toBe(expected);
});
