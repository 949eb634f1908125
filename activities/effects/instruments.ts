import type { Check, CheckResult } from '../../runbook/checks.ts';
import { reachInClone } from '../clone/reach.ts';
import { runChecks } from '../checks/index.ts';
import { setAside } from '../checkpoint/index.ts';
import type { CommandRequest, Instruments } from '../checks/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';

/** What operations that check are made with. */
export interface CheckDependencies {
  engine: DockerEngine;
  stores: StoreDrivers;
  /**
   * Runs a command in a one-shot container of a service's image and removes the container. `sample` makes the container's name
   * unique within the operation's attempt: a measurement is taken anew, never adopted from an earlier attempt.
   */
  runInService(
    context: EffectContext,
    request: CommandRequest & { sample: number; signal: AbortSignal },
  ): Promise<{ exitCode: number; log: string }>;
}

/** The instruments of one attempt of an operation. */
export function instrumentsOf(deps: CheckDependencies, context: EffectContext): Instruments {
  let sample = 0;
  const { stack } = context.plan;
  return {
    engine: deps.engine,
    project: stack.project,
    setAside: () => setAside(context),
    ...(stack.cloneOf && { reach: (url, signal) => reachInClone(deps.engine, stack.project, url, signal) }),
    query: (store, sql, signal) =>
      withStore(deps.stores, { ...context, signal }, store, ['probe'], (opened) => opened.probe.value(sql)),
    run: (request, signal) => deps.runInService(context, { ...request, sample: (sample += 1), signal }),
  };
}

/** Takes one sample of each check: for operations, and for the proof of what was done by hand. */
export function takeSample(
  deps: CheckDependencies,
): (checks: Check[], context: EffectContext) => Promise<CheckResult[]> {
  return (checks, context) => runChecks(checks, instrumentsOf(deps, context), context.signal);
}

/** What failed, on one line: `GET … answers 200 …: status 500, expected 200`. */
export function describeResults(results: readonly CheckResult[]): string {
  const bad = results.filter(({ verdict }) => verdict !== 'successful');
  return bad
    .map(({ check, verdict, detail }) => `${check}: ${verdict === 'error' ? 'not measured, ' : ''}${detail}`)
    .join(' | ');
}

/** Results as facts of a receipt, cut to a size that a receipt can carry. */
export function resultFacts(
  results: readonly CheckResult[],
): { check: string; verdict: string; detail: string; tookMs: number }[] {
  return results.slice(0, 40).map(({ check, verdict, detail, tookMs }) => ({
    check: check.slice(0, 160),
    verdict,
    detail: detail.slice(0, 160),
    tookMs,
  }));
}
