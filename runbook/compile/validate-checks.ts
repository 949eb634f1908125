import { notOneQuery } from '../guard/index.ts';
import type { Finding, PlanChecks, PlanPath } from '../plan/index.ts';
import { unknownService, unknownStore, type ActiveCheckpoint } from '../steps/index.ts';
import { portFindings } from './check-ports.ts';
import { checkWindow, type PlanCheck } from './compile-check.ts';
import { declaredStores, type Scope } from './scope.ts';

/** Checks that name what is not there, do more than read, or can never come true. */
export function validateChecks(scope: Scope): Finding[] {
  const { plan, frame, placed } = scope;
  const baseline = plan.baseline;
  return [
    ...(baseline.services === undefined
      ? []
      : serviceCount(baseline.services, frame.baseline, ['baseline', 'services'])),
    ...(baseline.verify === undefined
      ? []
      : windowFindings(scope, baseline.verify, frame.baseline, ['baseline', 'verify'])),
    ...placed.flatMap(({ phase, path, after, atCutover }) => [
      ...windowFindings(scope, phase.verify, after, [...path, 'verify']),
      ...(phase.bake?.checks ?? []).flatMap((check, index) =>
        checkFindings(scope, check, after, [...path, 'bake', 'checks', index]),
      ),
      ...unreachableTriggers(phase.bake?.triggers ?? [], [...path, 'bake', 'triggers']),
      ...(phase.gate ?? []).flatMap((gate, index) =>
        'approval' in gate ? [] : checkFindings(scope, gate, atCutover, [...path, 'gate', index]),
      ),
    ]),
  ];
}

/** The first trigger that fires ends the watch: one with a higher count never comes to it. */
function unreachableTriggers(triggers: readonly { healthFailures: number }[], path: PlanPath): Finding[] {
  const first = Math.min(...triggers.map(({ healthFailures }) => healthFailures));
  return triggers.flatMap(({ healthFailures }, index): Finding[] =>
    healthFailures === first
      ? []
      : [
          {
            path: [...path, index, 'healthFailures'],
            severity: 'error',
            message: `a trigger at ${healthFailures} failures never fires: another one ends the watch at ${first}`,
            hint: 'Keep the one whose decision is meant.',
          },
        ],
  );
}

function windowFindings(scope: Scope, checks: PlanChecks, active: ActiveCheckpoint, path: PlanPath): Finding[] {
  const window = checkWindow(checks);
  const root = Array.isArray(checks) ? path : [...path, 'checks'];
  const impossible: Finding[] =
    window.every * (window.consecutive - 1) > window.within
      ? [
          {
            path: [...path, 'within'],
            severity: 'error',
            message: `the checks cannot pass: ${window.consecutive} in a row, one every ${window.every} s, need longer than ${window.within} s`,
            hint: 'Make `within` longer, or `every` or `consecutive` smaller.',
          },
        ]
      : [];
  return [
    ...impossible,
    ...window.checks.flatMap((check, index) => checkFindings(scope, check, active, [...root, index])),
  ];
}

function checkFindings(
  { plan, declared, files, frame }: Scope,
  check: PlanCheck,
  active: ActiveCheckpoint,
  path: PlanPath,
): Finding[] {
  if ('services' in check) return serviceCount(check.services, active, [...path, 'services']);
  if ('run' in check) return unknownService(check.service, active, [...path, 'service']);
  if ('http' in check) return portFindings(check.http, active, files, [...path, 'http']);
  const stores = declaredStores({ plan, declared });
  const wrong = notOneQuery(check.query, frame.sql);
  return [
    ...unknownStore(check.sql, { stores }, [...path, 'sql'], 'probe'),
    ...(wrong === undefined
      ? []
      : [
          {
            path: [...path, 'query'],
            severity: 'error' as const,
            message: `the query ${wrong}`,
            hint: 'A check runs one query that only reads.',
          },
        ]),
  ];
}

/** A count that the active Compose file cannot give. Services of profiles may or may not run. */
function serviceCount(count: number, { facts, compose }: ActiveCheckpoint, path: PlanPath): Finding[] {
  if (facts === undefined || facts.partial) return [];
  const services = Object.values(facts.services);
  const most = services.length;
  const least = services.filter(({ profiles, oneShot }) => profiles.length === 0 && !oneShot).length;
  if (count >= least && count <= most) return [];
  const range = least === most ? String(most) : `${least} to ${most}`;
  return [
    {
      path,
      severity: 'warning',
      message: `${count} services are expected, but ${compose} has ${range}`,
      hint: 'The count is exact: too many fail the check as too few do.',
    },
  ];
}
