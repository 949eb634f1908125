import { defineVerb } from '../command-line/verb.ts';

interface Options {
  phase?: string;
  discardData?: boolean;
}

export const rehearse = defineVerb<Options>({
  name: 'rehearse',
  group: 'Plans',
  summary: 'try the way back on a clone of the stack, and measure it',
  details:
    'Builds a clone that reaches nothing outside: another project, no published ports, internal networks, its own volumes, databases restored from a backup. There each phase goes forward, back and forward again, compared after each. The stack itself is read and nothing else. Needs as much memory and disk again as the stack; the clone is removed.\nExits with 6 when the way back does not hold, with 4 when it could not be tried.',
  examples: [
    ['switchback rehearse', 'every phase that has not completed'],
    ['switchback rehearse --phase api-v2', 'one phase; those before it are only gone through'],
  ],
  declare: (command) =>
    command
      .option('--phase <phase>', 'rehearse this phase alone')
      .option('--discard-data', 'also run undos that discard data, on the clone'),
  async run(options, context) {
    const [{ readValidPlan }, { runRehearsal }] = await Promise.all([
      import('../settings/read-valid-plan.ts'),
      import('../runs/run-rehearsal.ts'),
    ]);
    const { compiled } = await readValidPlan(options, context);
    const { phase, discardData } = options;
    return runRehearsal(
      { plan: compiled, ...(phase === undefined ? {} : { phase }), ...(discardData ? { discardData } : {}) },
      context,
    );
  },
});
