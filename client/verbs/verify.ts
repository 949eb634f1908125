import { defineVerb } from '../command-line/verb.ts';

export const verify = defineVerb({
  name: 'verify',
  group: 'A run',
  summary: 'check that the stack is at the checkpoint that the journal names',
  details:
    'Takes the checks of the newest completed phase, or of the baseline after a rollback, until two samples in a row are good, for at most half a minute; looks whether an active file was changed by hand. Changes nothing, and takes no lease.\nExits with 6 when something is not as it must be.',
  examples: [
    ['switchback verify', 'after a rollback, or on any morning'],
    ['switchback verify --target shop --json | jq .results', 'for scripts and monitors'],
  ],
  async run(options, context) {
    const { verifyTarget } = await import('../runs/verify-target.ts');
    return verifyTarget(options, context);
  },
});
