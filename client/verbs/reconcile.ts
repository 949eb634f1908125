import { collect, proofOptions, type ProofOptions } from '../command-line/proof-options.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { defineVerb } from '../command-line/verb.ts';

interface Options extends ProofOptions {
  dryRun?: boolean;
  goOn?: boolean;
  close?: boolean;
  accept?: boolean;
  reason?: string;
  without?: string[];
}

export const reconcile = defineVerb<Options>({
  name: 'reconcile',
  group: 'An operator says',
  summary: 'compare journal, Temporal and the world, and put them right',
  details:
    'For a run whose workflow was terminated, reset or lost with its server, a target that is inconsistent, and what a killed worker left behind: containers that stand still, helpers, scratch databases, processes, half-written files. What nobody has to decide is put right; the rest is shown with what to type.\nExits with 7 when somebody has to decide.',
  examples: [
    ['switchback reconcile --dry-run', 'only look'],
    ['switchback reconcile', 'put right what nobody has to decide'],
    ['switchback reconcile --go-on', 'the workflow is gone: go on from the receipts'],
    [
      'switchback reconcile --accept --reason "renamed it back by hand" --proof-services 6',
      'an undo was left out, and is made right',
    ],
  ],
  declare: (command) =>
    proofOptions(
      command
        .option('--dry-run', 'only look')
        .option('--go-on', 'go on with the open run, whose workflow is gone')
        .option('--without <phase>', 'with --go-on: leave this optional phase out; may be repeated', collect)
        .option('--close', 'end the open run, whose workflow is gone, and leave everything as it is')
        .option('--accept', 'what an undo left out has been made right; needs a proof')
        .option('--reason <text>', 'why, for the record'),
    ),
  async run({ dryRun, goOn, close, accept, reason, without = [], ...options }, context) {
    const asked = [goOn, close, accept, dryRun].filter(Boolean).length;
    if (asked > 1) throw new UsageError('--go-on, --close, --accept and --dry-run exclude each other');
    const [client, { operator }, { proofs }] = await Promise.all([
      import('../reconcile/reconcile.ts'),
      import('../runs/operator.ts'),
      import('../runs/proof.ts'),
    ]);
    if (goOn) return client.goOn({ ...options, without }, context);
    if (!close && !accept) return client.reconcile(undefined, { ...options, tidy: !dryRun }, context);
    if (reason === undefined || reason.trim() === '')
      throw new UsageError(`${close ? '--close' : '--accept'} needs --reason, for the record`);
    const proof = accept ? proofs(options) : [];
    const decide = accept ? ('accept' as const) : ('close' as const);
    return client.reconcile({ decide, by: operator(context.env), reason, proof }, { ...options, tidy: true }, context);
  },
});
