import { SwitchbackError } from '../../runbook/errors.ts';
import { defineVerb } from '../command-line/verb.ts';

export const approve = defineVerb<{ role: string; comment?: string; digest?: string }>({
  name: 'approve',
  group: 'An operator says',
  summary: 'say yes to what the run waits for',
  details:
    'The approval is bound to this run and the digest of its plan. Who you are is what this machine says: recorded, not authenticated.',
  examples: [['switchback approve --role tech-lead --comment "figures looked at"', 'the run goes on at once']],
  declare: (command) =>
    command
      .requiredOption('--role <role>', 'the role in which you speak')
      .option('--comment <text>', 'for the record')
      .option('--digest <start>', 'refuse if the run follows another plan than this, as `plan` and `status` show it'),
  async run({ role, comment, digest = '', ...options }, context) {
    const [{ say }, { operator }] = await Promise.all([import('../runs/say.ts'), import('../runs/operator.ts')]);
    const command = { command: 'approve' as const, by: operator(context.env), role };
    return say(
      ({ planDigest }) => {
        if (!planDigest.startsWith(digest)) {
          throw new SwitchbackError('Conflict', `the run follows plan ${planDigest.slice(0, 12)}, not ${digest}`, {
            hint: 'Nothing was approved. Look at what runs with `switchback status`.',
          });
        }
        // The whole digest is sent: a run that is started meanwhile, with another plan, is not approved by it.
        return { ...command, ...(comment !== undefined && { comment }), planDigest };
      },
      options,
      context,
    );
  },
});
