import { describe, expect, it } from '@jest/globals';

import { runCheck } from '../../../activities/checks/index.ts';
import type { Instruments } from '../../../activities/checks/index.ts';
import type { Check } from '../../../runbook/checks.ts';

const measure = (check: Check, instruments: Partial<Instruments>) =>
  runCheck(check, instruments as Instruments, new AbortController().signal);
const query = (answer: () => Promise<string>) =>
  measure({ kind: 'sql', store: 'orders', query: 'select count(*) from orders', expect: '3' }, { query: answer });
const run = (exitCode: number, log = '') =>
  measure(
    { kind: 'run', service: 'api', argv: ['true'], exitCode: 0, timeoutSeconds: 5 },
    { run: async () => ({ exitCode, log }) },
  );

describe('an sql check', () => {
  it('compares the single value as text', async () => {
    expect(await query(async () => '3\n')).toMatchObject({ verdict: 'successful', detail: 'gives 3' });
    expect(await query(async () => '4')).toMatchObject({ verdict: 'failed', detail: 'gives 4, expected 3' });
    expect(await query(async () => '')).toMatchObject({ verdict: 'failed' });
  });

  it('is an error where the store does not answer', async () => {
    const result = await query(async () => {
      throw new Error('connection refused');
    });
    expect(result).toMatchObject({ verdict: 'error', detail: 'connection refused' });
  });
});

describe('a run check', () => {
  it('compares the exit code, and shows the end of the log where it differs', async () => {
    expect(await run(0)).toMatchObject({ verdict: 'successful' });
    expect(await run(1, 'a\nb\nc\nassertion failed\n')).toMatchObject({
      verdict: 'failed',
      detail: 'exit 1, expected 0: b; c; assertion failed',
    });
  });

  it('is an error where no container could be run', async () => {
    const broken: Check = { kind: 'run', service: 'api', argv: ['true'], exitCode: 0, timeoutSeconds: 5 };
    const instruments = { run: () => Promise.reject(new Error('no such image')) };
    expect(await measure(broken, instruments)).toMatchObject({ verdict: 'error', detail: 'no such image' });
  });
});
