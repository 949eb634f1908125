import type { RollbackRequest } from '../../runbook/run-state.ts';
import { defineVerb } from '../command-line/verb.ts';

interface Options {
  to: string;
  reason?: string;
  dryRun?: boolean;
  restoreData?: boolean;
  discardData?: boolean;
  confirm?: string;
  watch?: boolean;
}

export const rollback = defineVerb<Options>({
  name: 'rollback',
  group: 'An operator says',
  summary: 'go back: to the last checkpoint, to a phase, or to the baseline',
  details:
    'Planned from the receipts of what was really done. Code and configuration go back; data is left alone, unless --restore-data puts recovery points in its place. Works on a run that is open, and days after one has completed.',
  examples: [
    ['switchback rollback --dry-run', 'exactly what would be done, and what stays'],
    ['switchback rollback --reason "error rate doubled"', 'take the last phase back'],
    ['switchback rollback --to baseline --reason "wrong direction" --watch', 'take everything back, and follow it'],
    [
      'switchback rollback --restore-data --reason "v2 wrote nonsense" --confirm shop',
      'also replace data by its recovery point; what was written since is lost',
    ],
  ],
  declare: (command) =>
    command
      .option('--to <phase|baseline|previous>', 'the checkpoint to go back to', 'previous')
      .option('--reason <text>', 'why, for the record')
      .option('--dry-run', 'only show what would be done')
      .option(
        '--restore-data',
        'put recovery points in the place of data; what was written since is lost, what is replaced is kept',
      )
      .option('--discard-data', 'also run undos that discard data; it is archived first')
      .option('--confirm <target>', 'confirm --restore-data or --discard-data by the name of the target')
      .option('-w, --watch', 'follow it until it ends or needs somebody'),
  async run(options, context) {
    const { requestRollback, showRollback } = await import('../runs/request-rollback.ts');
    const to: RollbackRequest['to'] =
      options.to === 'baseline' || options.to === 'previous' ? options.to : { phase: options.to };
    const request = { to, restoreData: options.restoreData ?? false, discardData: options.discardData ?? false };
    if (options.dryRun) return showRollback(request, options, context);
    const answer = await requestRollback(request, options, context);
    if (!options.watch) return answer;
    const [{ follow }, { locate }] = await Promise.all([import('../runs/follow.ts'), import('../settings/locate.ts')]);
    const { target } = await locate(options, context);
    const followed = await follow({ target, untilDone: false }, context);
    // Here going back is what was asked for, so it is a success.
    return (followed.data as { state?: string }).state === 'rolled-back' && followed.exitCode === 6
      ? { ...followed, exitCode: 0 }
      : followed;
  },
});
