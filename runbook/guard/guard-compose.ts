import type { ProtectedResource } from '../compiled-plan.ts';
import { dockerVolumeName, type ComposeFacts } from '../plan/compose-facts.ts';

export interface ComposeFinding {
  severity: 'error' | 'warning';
  message: string;
  hint: string;
}

/**
 * Refuses a checkpoint that takes a protected volume or network away from the stack, or defines it in another way than the
 * baseline does: Compose offers to recreate a volume whose definition has changed.
 */
export function guardCompose(
  next: ComposeFacts,
  baseline: ComposeFacts,
  protect: readonly ProtectedResource[],
  project: string,
): ComposeFinding[] {
  const findings: ComposeFinding[] = [];
  for (const resource of protect) {
    if ('volume' in resource) {
      const before = Object.values(baseline.volumes).find(
        (volume) => dockerVolumeName(project, volume) === resource.volume,
      );
      if (before === undefined) continue;
      const after = Object.values(next.volumes).find((volume) => dockerVolumeName(project, volume) === resource.volume);
      if (after === undefined) {
        // A volume that no service uses is left alone by Compose; what matters is that its key means no other one.
        const renamed = next.volumes[before.key];
        if (renamed !== undefined) {
          findings.push({
            severity: 'error',
            message: `the volume \`${before.key}\` is \`${dockerVolumeName(project, renamed)}\` here, not the protected \`${resource.volume}\``,
            hint: 'Keep the name that the baseline gives it.',
          });
        } else if (!next.partial) {
          findings.push({
            severity: 'error',
            message: `the protected volume \`${resource.volume}\` is not defined here`,
            hint: `Keep \`${before.key}\` under \`volumes\` as the baseline has it.`,
          });
        }
      } else if (after.definition !== before.definition) {
        findings.push({
          severity: 'error',
          message: `the protected volume \`${resource.volume}\` is defined in another way than in the baseline`,
          hint: 'Give it the same driver, options and labels: Compose would recreate it otherwise.',
        });
      }
    }
  }
  return findings;
}
