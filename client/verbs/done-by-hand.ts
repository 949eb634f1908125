import { defineVerb } from '../command-line/verb.ts';

interface Options {
  reason: string;
  operation?: string;
  proofHttp?: string[];
  proofSql?: string[];
  proofRun?: string[];
  proofServices?: string[];
}

const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export const doneByHand = defineVerb<Options>({
  name: 'done-by-hand',
  group: 'An operator says',
  summary: 'you did the parked operation yourself, and a check proves it',
  details:
    'At least one --proof is needed; the worker takes it, and refuses when it does not hold. All may be repeated.',
  examples: [
    [
      'switchback done-by-hand --reason "renamed by the DBA" --proof-sql "orders: select count(*) from orders_v2 => 4900"',
      'proven by a query',
    ],
    [
      'switchback done-by-hand --reason "restarted it" --proof-http "200 http://127.0.0.1:8090/health" --proof-services 6',
      'proven by an answer and a count',
    ],
  ],
  declare: (command) =>
    command
      .requiredOption('--reason <text>', 'what was done and why, for the record')
      .option('--operation <id>', 'refuse if the run is parked at another one')
      .option('--proof-http <[status] url>', 'GET answers with this status (200)', collect)
      .option('--proof-sql <store: query => value>', 'the first column of the first row is this value', collect)
      .option('--proof-run <service: command>', "the command exits 0 in the service's image", collect)
      .option('--proof-services <count>', 'exactly so many services run, all healthy', collect),
  async run({ reason, operation, proofHttp, proofSql, proofRun, proofServices, ...options }, context) {
    const [{ say }, { operator }, { proofs }] = await Promise.all([
      import('../runs/say.ts'),
      import('../runs/operator.ts'),
      import('../runs/proof.ts'),
    ]);
    const proof = proofs({ http: proofHttp, sql: proofSql, run: proofRun, services: proofServices });
    const command = { command: 'doneByHand' as const, by: operator(context.env), reason, proof };
    return say({ ...command, ...(operation !== undefined && { operation }) }, options, context);
  },
});
