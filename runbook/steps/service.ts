import { didYouMean } from '../plan/did-you-mean.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';
import type { ActiveCheckpoint } from './step-kind.ts';

/** An error when the service is not in the Compose file that is active at that moment. */
export function unknownService(service: string, active: ActiveCheckpoint, path: PlanPath): Finding[] {
  const { facts } = active;
  if (facts === undefined || Object.hasOwn(facts.services, service) || facts.partial) return [];
  return [
    {
      path,
      severity: 'error',
      message: `there is no service \`${service}\` in ${active.compose}, which is active then`,
      hint: didYouMean(service, Object.keys(facts.services), 'services'),
    },
  ];
}
