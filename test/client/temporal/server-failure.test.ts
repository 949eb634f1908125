import { describe, expect, it } from '@jest/globals';
import { asSwitchbackError, statusCodeOf } from '../../../client/temporal/server-failure.ts';
import { millisecondsOf } from '../../../client/temporal/timestamp.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';

const place = { address: 'there:7233', namespace: 'space' };
const grpc = (code: number, details: string) => Object.assign(new Error(`${code} ${details}`), { code, details });
const wrapped = (code: number, details: string) =>
  new Error('Failed to query Workflow', { cause: grpc(code, details) });
const worded = (error: unknown, during?: 'connect') => asSwitchbackError(error, place, during);

describe('what goes wrong on the way to the server', () => {
  it.each([
    [4, 'Unreachable', 'did not answer in time'],
    [7, 'AccessDenied', 'refused the request'],
    [8, 'Busy', 'is overloaded'],
    [14, 'Unreachable', 'cannot be reached'],
    [16, 'AccessDenied', 'does not know who asks'],
  ])('gRPC %d is %s: %s', (code, name, says) => {
    expect(worded(wrapped(code, 'x'))).toMatchObject({
      name,
      message: `the Temporal server there:7233 ${says}`,
      hint: expect.any(String),
    });
  });

  it('knows a namespace that is not there, and a queue without a worker', () => {
    expect(worded(wrapped(5, 'Namespace space is not found.'))).toMatchObject({
      name: 'Unreachable',
      message: expect.stringContaining('no namespace space'),
    });
    expect(worded(wrapped(9, 'no poller seen for task queue recently'))).toMatchObject({
      name: 'Unreachable',
      message: 'no worker answers for this run',
    });
  });

  it('leaves what the server says about the request itself', () => {
    for (const error of [
      wrapped(5, 'workflow not found for ID: x'),
      wrapped(6, 'already started'),
      new TypeError('a mistake'),
    ]) {
      expect(worded(error)).toBe(error);
    }
    const ours = new SwitchbackError('Conflict', 'x');
    expect(worded(ours)).toBe(ours);
  });

  it('takes any failure to connect for a server that is away', () => {
    expect(worded(new Error('Failed to connect before the deadline'), 'connect')).toMatchObject({
      name: 'Unreachable',
    });
  });

  it('finds the code in a chain of causes', () => {
    expect(statusCodeOf(new Error('a', { cause: wrapped(14, '') }))).toBe(14);
    expect(statusCodeOf('text')).toBeUndefined();
  });
});

describe("the server's times", () => {
  it('are numbers or long integers', () => {
    expect(millisecondsOf({ seconds: 5, nanos: 250_000_000 })).toBe(5250);
    expect(millisecondsOf({ seconds: { toNumber: () => 7 } })).toBe(7000);
    expect(millisecondsOf(undefined)).toBeUndefined();
  });
});
