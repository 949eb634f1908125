import type { RollbackRequest } from '../../runbook/run-state.ts';
import { proofOptions, type ProofOptions } from '../command-line/proof-options.ts';
import { defineVerb } from '../command-line/verb.ts';

interface Options extends ProofOptions {
  to: string;
  print?: boolean;
  restoreData?: boolean;
  discardData?: boolean;
  accept?: boolean;
  reason?: string;
}

export const breakGlass = defineVerb<Options>({
  name: 'break-glass',
  group: 'An operator says',
  summary: 'a shell script that goes back without Temporal, and what it did taken into the journal',
  details:
    'Runs keep such a script beside the journal all the time; this writes it afresh, from the journal on this machine alone. After it has run, --accept proves what it did against the world and tells the journal, so that the next run starts from there.',
  examples: [
    ['switchback break-glass', 'write the script, and say where it is'],
    ['switchback break-glass --to orders-expanded --print', 'show the script that goes back to a phase'],
    ['switchback break-glass --accept', 'once it has run: prove what it did, and go on from there'],
  ],
  declare: (command) =>
    proofOptions(
      command
        .option('--to <phase|baseline|previous>', 'the checkpoint to go back to', 'baseline')
        .option('--print', 'print the script instead of writing it')
        .option('--restore-data', 'with steps, for a person, that put recovery points in the place of data')
        .option('--discard-data', 'with undos that discard data')
        .option('--accept', 'take what the script did into the journal; the proofs below are for steps done by hand')
        .option('--reason <text>', 'with --accept: why it was needed, for the record'),
    ),
  async run(options, context) {
    const [{ locate }, { requireLocalTarget }, { acceptHere, saveHere, scriptHere }] = await Promise.all([
      import('../settings/locate.ts'),
      import('../runs/local-target.ts'),
      import('../../activities/break-glass/index.ts'),
    ]);
    const { target } = await locate(options, context);
    await requireLocalTarget(target, context.settings);
    const { env: environment, signal, note } = context;
    const here = { home: context.settings.home, environment, signal, note };
    if (options.accept) {
      const [{ operator }, { proofs: read }, { acceptedAnswer }] = await Promise.all([
        import('../runs/operator.ts'),
        import('../runs/proof.ts'),
        import('../runs/acceptance-page.ts'),
      ]);
      const { proofHttp, proofSql, proofRun, proofServices } = options;
      const proofs = (proofHttp ?? proofSql ?? proofRun ?? proofServices) ? read(options) : [];
      const reason = options.reason ?? 'the break-glass script was run';
      return acceptedAnswer(
        await acceptHere({ target, by: operator(environment), reason, proofs }, here),
        context.sameFlags,
      );
    }
    const to: RollbackRequest['to'] =
      options.to === 'baseline' || options.to === 'previous' ? options.to : { phase: options.to };
    const request = { to, restoreData: options.restoreData ?? false, discardData: options.discardData ?? false };
    if (options.print) {
      const script = await scriptHere(target, request, here);
      return { data: { target, script }, lines: () => [script.trimEnd()] };
    }
    const file = await saveHere(target, request, here);
    return {
      data: { target, file },
      lines: ({ style }) => [`the script is ${style.bold(file)}`],
      next: [
        { type: `bash ${file} --dry-run`, why: 'look first: every step, and what is in its way' },
        { type: `bash ${file}`, why: 'go back, with neither Temporal nor a worker' },
      ],
    };
  },
});
