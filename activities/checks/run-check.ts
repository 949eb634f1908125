import { describeCheck } from '../../runbook/checks.ts';
import type { Check, CheckResult } from '../../runbook/checks.ts';
import { checkHttp } from './check-http.ts';
import { checkRun } from './check-run.ts';
import { checkServices } from './check-services.ts';
import { checkSql } from './check-sql.ts';
import type { Instruments, Measure } from './measurement.ts';

/** The one list of kinds of checks. */
const measures: { [K in Check['kind']]: Measure<K> } = {
  services: checkServices,
  http: checkHttp,
  sql: checkSql,
  run: checkRun,
};

/** Longest wait for one measurement that has no limit of its own, in milliseconds. */
const measurementLimitMs = 30_000;

/**
 * Takes one measurement. What cannot be measured is an `error` with the reason, never a success and never a failure.
 * Throws only the reason of an aborted signal.
 */
export async function runCheck(check: Check, instruments: Instruments, signal: AbortSignal): Promise<CheckResult> {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  const limit = AbortSignal.timeout(check.kind === 'run' ? check.timeoutSeconds * 1000 + 10_000 : measurementLimitMs);
  try {
    const measure = measures[check.kind] as Measure<Check['kind']>;
    const finding = await measure(check, instruments, AbortSignal.any([signal, limit]));
    return { check: describeCheck(check), ...finding, tookMs: took() };
  } catch (error) {
    signal.throwIfAborted();
    const detail = limit.aborted ? `no measurement within ${took()} ms` : message(error);
    return { check: describeCheck(check), verdict: 'error', detail, tookMs: took() };
  }
}

/** All checks, side by side, in the order that they were given. */
export function runChecks(
  checks: readonly Check[],
  instruments: Instruments,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  return Promise.all(checks.map((check) => runCheck(check, instruments, signal)));
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
