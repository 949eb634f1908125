import type { ProtectedResource } from '../compiled-plan.ts';
import { dockerName, type ComposeFacts } from '../plan/compose-facts.ts';

export interface ComposeFinding {
  severity: 'error' | 'warning';
  message: string;
  hint: string;
}

/**
 * Refuses a checkpoint that takes a protected volume or network away from the stack, or defines it in another way than the
 * baseline does: Compose offers to recreate what is defined differently, and a volume does not survive that.
 */
export function guardCompose(
  next: ComposeFacts,
  baseline: ComposeFacts,
  protect: readonly ProtectedResource[],
  project: string,
): ComposeFinding[] {
  return protect.flatMap((resource) => {
    if ('volume' in resource) return compare('volume', resource.volume, next, baseline, project);
    return 'network' in resource ? compare('network', resource.network, next, baseline, project) : [];
  });
}

function compare(
  what: 'volume' | 'network',
  name: string,
  next: ComposeFacts,
  baseline: ComposeFacts,
  project: string,
): ComposeFinding[] {
  const [now, then] = what === 'volume' ? [next.volumes, baseline.volumes] : [next.networks, baseline.networks];
  const before = Object.values(then).find((each) => dockerName(project, each) === name);
  if (before === undefined) return [];
  const after = Object.values(now).find((each) => dockerName(project, each) === name);
  if (after !== undefined) {
    if (after.definition === before.definition) return [];
    return refuse(
      `the protected ${what} \`${name}\` is defined in another way than in the baseline`,
      'Give it the same driver, options and labels: Compose would recreate it otherwise.',
    );
  }
  const renamed = Object.hasOwn(now, before.key) ? now[before.key] : undefined;
  if (renamed !== undefined) {
    return refuse(
      `the ${what} \`${before.key}\` is \`${dockerName(project, renamed)}\` here, not the protected \`${name}\``,
      'Keep the name that the baseline gives it.',
    );
  }
  // Included files may define it; what they say is known when Compose has put them together.
  if (next.partial) return [];
  return refuse(
    `the protected ${what} \`${name}\` is not defined here`,
    `Keep \`${before.key}\` under \`${what}s\` as the baseline has it.`,
  );
}

function refuse(message: string, hint: string): ComposeFinding[] {
  return [{ severity: 'error', message, hint }];
}
