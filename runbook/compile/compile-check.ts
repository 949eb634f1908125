import type { Check } from '../checks.ts';
import type { PlanCheck, PlanChecks, PlanFiles } from '../plan/index.ts';
import type { ActiveCheckpoint } from '../steps/index.ts';
import { fillPorts } from './check-ports.ts';

export type { PlanCheck };

/** A check as the plan writes it, in the form that activities measure, with the ports of the env file that is active then. */
export function compileCheck(check: PlanCheck, active: ActiveCheckpoint, files: PlanFiles): Check {
  if ('services' in check) return { kind: 'services', count: check.services, healthy: check.healthy };
  if ('http' in check) {
    return {
      kind: 'http',
      url: fillPorts(check.http, active, files),
      status: check.status,
      underMs: Math.round(check.under * 1000),
      ...(check.method === undefined ? {} : { method: check.method }),
      ...(check.body === undefined ? {} : { body: check.body }),
    };
  }
  if ('sql' in check) return { kind: 'sql', store: check.sql, query: check.query, expect: check.expect };
  return {
    kind: 'run',
    service: check.service,
    argv: check.run,
    exitCode: check.exitCode,
    timeoutSeconds: check.timeout,
  };
}

/** Checks with how long and how often they are tried. Both spellings of the plan become this one. */
export interface CheckWindow {
  checks: PlanCheck[];
  within: number;
  every: number;
  consecutive: number;
}

export function checkWindow(checks: PlanChecks): CheckWindow {
  return Array.isArray(checks) ? { checks, within: 120, every: 2, consecutive: 2 } : checks;
}

/** Stores that a list of checks asks. */
export function storesOf(checks: readonly PlanCheck[]): string[] {
  return checks.flatMap((check) => ('sql' in check ? [check.sql] : []));
}
