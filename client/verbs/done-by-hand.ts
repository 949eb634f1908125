import { proofOptions, type ProofOptions } from '../command-line/proof-options.ts';
import { defineVerb } from '../command-line/verb.ts';

interface Options extends ProofOptions {
  reason: string;
  operation?: string;
}

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
    proofOptions(
      command
        .requiredOption('--reason <text>', 'what was done and why, for the record')
        .option('--operation <id>', 'refuse if the run is parked at another one'),
    ),
  async run({ reason, operation, ...options }, context) {
    const [{ say }, { operator }, { proofs }] = await Promise.all([
      import('../runs/say.ts'),
      import('../runs/operator.ts'),
      import('../runs/proof.ts'),
    ]);
    const proof = proofs(options);
    const command = { command: 'doneByHand' as const, by: operator(context.env), reason, proof };
    return say({ ...command, ...(operation !== undefined && { operation }) }, options, context);
  },
});
