import type { ComposeVariable, Finding, PlanPath } from '../plan/index.ts';
import type { ActiveCheckpoint } from '../steps/index.ts';
import type { Scope } from './scope.ts';

/** How many variables a message names. */
const most = 6;

/** Variables of checkpoints that have no value: Compose leaves them empty, or refuses the file when the cutover has begun. */
export function validateVariables({ frame, placed }: Scope): Finding[] {
  const { profiles = [] } = frame.stack;
  const checkpoints: [ActiveCheckpoint | undefined, PlanPath][] = [
    [frame.baseline, ['baseline']],
    ...placed.flatMap(({ dual, final, steps, path }): [ActiveCheckpoint | undefined, PlanPath][] => [
      ...steps.flatMap(({ step, context, next }): [ActiveCheckpoint, PlanPath][] =>
        'compose' in step ? [[next, context.path]] : [],
      ),
      [dual, [...path, 'dualRun']],
      [final, [...path, 'checkpoint']],
    ]),
  ];
  return checkpoints.flatMap(([checkpoint, path]) => (checkpoint === undefined ? [] : unset(checkpoint, path)));

  function unset({ compose, env, facts }: ActiveCheckpoint, path: PlanPath): Finding[] {
    const file = env === undefined ? undefined : frame.files.get(env, 'env');
    // One that cannot be read is reported elsewhere.
    if (facts === undefined || (env !== undefined && file?.found !== 'env')) return [];
    const given = new Set(file?.found === 'env' ? file.names : []);
    const isOn = (of: readonly string[]) => of.length === 0 || of.some((profile) => profiles.includes(profile));
    const used = [
      ...facts.variables.map((variable) => ({ variable, by: '' })),
      // A profile that is off: Compose reads its variables all the same, and nothing comes of one that is empty.
      ...Object.values(facts.services).flatMap((service) =>
        service.variables.flatMap((variable) =>
          variable.required || isOn(service.profiles) ? [{ variable, by: service.name }] : [],
        ),
      ),
    ].filter(({ variable: { name } }) => !given.has(name) && !name.startsWith('COMPOSE_'));
    const where = env === undefined ? 'and the checkpoint has no env file' : `which ${env} does not set`;
    const at: PlanPath = [...path, env === undefined ? 'compose' : 'env'];
    const told = (required: boolean) => namesOf(used.filter(({ variable }) => variable.required === required));
    const [refused, empty] = [told(true), told(false)];
    return [
      ...(refused === ''
        ? []
        : [
            {
              path: at,
              severity: 'error' as const,
              message: `${compose} needs ${refused}, ${where}: Compose refuses the file`,
              hint: 'Set it in the env file of this checkpoint; nothing of a shell or of the worker reaches Compose.',
            },
          ]),
      ...(empty === ''
        ? []
        : [
            {
              path: at,
              severity: 'warning' as const,
              message: `${compose} uses ${empty}, ${where}: it stands for nothing`,
              hint: 'Set it in the env file of this checkpoint, empty if that is meant; nothing of a shell or of the worker reaches Compose.',
            },
          ]),
    ];
  }
}

/** `NAME (service, service)`, by name. */
function namesOf(used: readonly { variable: ComposeVariable; by: string }[]): string {
  const services = new Map<string, Set<string>>();
  for (const { variable, by } of used) services.set(variable.name, (services.get(variable.name) ?? new Set()).add(by));
  const named = [...services].map(([name, by]) => {
    const known = [...by].filter((service) => service !== '');
    return known.length === 0 ? name : `${name} (${known.join(', ')})`;
  });
  const more = named.length > most ? ` and ${named.length - most} more` : '';
  return named.slice(0, most).join(', ') + more;
}
