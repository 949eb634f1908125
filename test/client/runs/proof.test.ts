import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../client/command-line/usage-error.ts';
import { proofs } from '../../../client/runs/proof.ts';

describe('proofs as they are typed', () => {
  it('become checks', () => {
    expect(
      proofs({
        proofHttp: ['http://127.0.0.1:8090/health', '503 http://127.0.0.1:8090/gone?a=b'],
        proofSql: ["orders: select status from runs where name = 'a=>b' => done"],
        proofRun: [`api: /bin/sh -c "test -f '/a b'" --x=''`],
        proofServices: ['6'],
      }),
    ).toEqual([
      { kind: 'http', url: 'http://127.0.0.1:8090/health', status: 200, underMs: 10_000 },
      { kind: 'http', url: 'http://127.0.0.1:8090/gone?a=b', status: 503, underMs: 10_000 },
      { kind: 'sql', store: 'orders', query: "select status from runs where name = 'a=>b'", expect: 'done' },
      {
        kind: 'run',
        service: 'api',
        argv: ['/bin/sh', '-c', "test -f '/a b'", '--x='],
        exitCode: 0,
        timeoutSeconds: 60,
      },
      { kind: 'services', count: 6, healthy: true },
    ]);
  });

  it.each([
    [{}, 'nothing proves'],
    [{ proofHttp: ['localhost:80'] }, 'is not an address'],
    [{ proofSql: ['select 1 => 1'] }, 'cannot be read'],
    [{ proofSql: ['orders: select 1'] }, 'cannot be read'],
    [{ proofRun: ['true'] }, 'cannot be read'],
    [{ proofRun: ['api: sh -c "oops'] }, 'quote that is not closed'],
    [{ proofServices: ['all'] }, 'is not a number'],
  ])('are refused: %j', (typed, says) => {
    expect(() => proofs(typed)).toThrow(UsageError);
    expect(() => proofs(typed)).toThrow(says);
  });
});
