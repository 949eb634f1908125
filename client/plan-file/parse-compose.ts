import { readCompose } from '../../runbook/compile.ts';
import type { ComposeFacts, FileProblem } from '../../runbook/plan/index.ts';
import { locate } from './locate.ts';
import { largestAliasCount, parseYaml } from './parse-yaml.ts';

/** A Compose file's facts, and what is wrong with it. Aliases and merge keys are everyday there. */
export function parseCompose(text: string): { facts: ComposeFacts | undefined; problems: FileProblem[] } {
  const { document, problems } = parseYaml(text, { aliases: true });
  const wrong = problems
    // Compose has tags of its own for merging files.
    .filter(({ message }) => !/`!(reset|override)/.test(message))
    .map((problem): FileProblem => ({ ...problem, severity: 'error' }));
  if (document === undefined || wrong.length > 0) return { facts: undefined, problems: wrong };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: largestAliasCount });
  } catch (error) {
    // Only aliases make it throw: too many of them, or one that stands for nothing.
    return {
      facts: undefined,
      problems: [
        {
          severity: 'error',
          start: 0,
          end: 1,
          message: (error as Error).message.toLowerCase(),
          hint: 'Use fewer aliases.',
        },
      ],
    };
  }
  const facts = readCompose(value);
  if (facts === undefined) {
    const span = locate(document, ['services']);
    return {
      facts,
      problems: [
        {
          severity: 'error',
          ...span,
          message: 'is no Compose file: it has no `services`',
          hint: 'Name a file that `docker compose -f FILE config` accepts.',
        },
      ],
    };
  }
  return { facts, problems: serviceProblems(facts, document) };
}

function serviceProblems(facts: ComposeFacts, document: Parameters<typeof locate>[0]): FileProblem[] {
  return Object.values(facts.services).flatMap((service) =>
    service.mounts
      .filter(({ type }) => type === 'anonymous')
      .map(({ target }): FileProblem => ({
        severity: 'warning',
        ...locate(document, ['services', service.name, 'volumes'], 'key'),
        message: `the service \`${service.name}\` keeps \`${target}\` in a volume without a name`,
        hint: 'Give the volume a name: one without cannot be backed up, and a recreated container may not get it again.',
      })),
  );
}
