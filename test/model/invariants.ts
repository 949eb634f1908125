import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { breakGlassSteps } from '../../runbook/break-glass/render.ts';
import type { ShellParts } from '../../runbook/break-glass/index.ts';
import { dataOf } from '../../runbook/data-lineage.ts';
import { checkpointBelow, type RollbackPlan } from '../../runbook/rollback.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { workOf, type StandingPhase } from '../../runbook/same-work.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import type { ToldJournal } from '../runbook/told-journal.ts';
import type { Applied } from './target.ts';
import { names, type Snapshot, type World } from './world.ts';
import { storeKindOf } from '../../runbook/stores/index.ts';

/** A rollback that was carried out, with what the model knows of it. */
export interface Judged {
  request: RollbackRequest;
  plan: RollbackPlan;
  before: Snapshot;
  taken: Applied[];
  /** Operations with effects that it came to. */
  touched: number;
  restored?: boolean;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** A break-glass script does what the rollback does, each operation once. */
export function requireSameScript(
  { state, plans }: ToldJournal,
  newest: CompiledPlan,
  planned: RollbackPlan,
  request: RollbackRequest,
): void {
  // The model's contents are their own digests; a script takes only what looks like one.
  const hex = `"digest":"${'f'.repeat(64)}"`;
  const rollback = JSON.parse(JSON.stringify(planned).replaceAll(/"digest":"(\\.|[^"\\])*"/g, hex)) as RollbackPlan;
  const sealedOf = (run: string) => ({ plan: plans.get(run)!, files: {} });
  const points = new Map([...state.points.keys()].map((point) => [point, { folder: '/p', parts: [] }]));
  const steps = breakGlassSteps({
    ...{ target: 'shop', run: 'break-glass', state, plan: newest, request, rollback, points, sealed: {}, sealedOf },
    ...{ home: { root: '/h', keyFile: '/k' }, statements: new Map(), lists: new Map() },
    ...{ shell: {} as ShellParts, storeKindOf },
  });
  const [script, run] = [steps.map(({ operation }) => operation), rollback.operations.map(({ id }) => id)];
  must(JSON.stringify(script) === JSON.stringify(run), `the script does ${script.join()}, the run ${run.join()}`);
}

/** A target is never called consistent while something is half, nor inconsistent without a reason. */
export function requireConsistencyTold(state: TargetState, applied: readonly Applied[], skipped: number): void {
  const wounded = skipped > 0 || applied.some((one) => one.state === 'half');
  must(!wounded || !state.consistent, 'the target is called consistent while it is half back or an undo is left out');
  must(wounded || state.consistent, 'the target is called inconsistent although nothing is half');
}

/** The checkpoint that the product names is the last that the model completed and did not take back. */
export function requireBelow({ state, plans }: ToldJournal, applied: readonly Applied[]): void {
  const newest = applied.filter(({ state: reached }) => reached === 'completed').at(-1);
  const plan = plans.get(state.runs.at(-1)?.id ?? '');
  if (!plan) return;
  const named = checkpointBelow(Infinity, state, plan, (run) => plans.get(run));
  must(named.name === (newest?.phase ?? 'baseline'), `verify names ${named.name}, not ${newest?.phase ?? 'baseline'}`);
  if (!newest) return;
  must(named.run === newest.run, `verify names ${named.name} of ${named.run}, not of ${newest.run}`);
  const checks = newest.plan.phases.find(({ id }) => id === newest.phase)!.verify;
  must(JSON.stringify(named.checks) === JSON.stringify(checks), 'verify takes the checks of another phase');
}

/** Only what the model has done with the same work under the same plan, and what stands, is skipped. */
export function requireSkipped(
  standing: readonly StandingPhase[],
  plan: CompiledPlan,
  applied: readonly Applied[],
  { now }: World,
): void {
  for (const { phase, run } of standing.filter(({ verdict }) => verdict === 'complete')) {
    const one = applied.find((each) => each.run === run && each.phase === phase);
    must(one?.state === 'completed', `${phase} is called complete, and does not stand`);
    must(one?.plan.name === plan.name, `${phase} is called complete by another plan's work`);
    const work = (of: CompiledPlan) =>
      workOf(
        of.phases.find(({ id }) => id === phase)!,
        { plan: of, files: {} },
      );
    must(work(one!.plan) === work(plan), `${phase} is called complete by other work`);
    for (const [resource, marks] of Object.entries(one!.after!.data))
      for (const key of marks)
        must(
          !key.startsWith(`${run}/${phase}/`) || now.data[resource]!.has(key),
          `${phase} is called complete, and ${key} is not in ${resource}`,
        );
  }
}

/** After a rollback that came to its end, the world is the destination's but for what is said. */
export function requireDestination(world: World, judged: Judged, applied: readonly Applied[]): void {
  const { plan, taken, before } = judged;
  const oldest = taken.at(-1)!;
  const below = applied
    .slice(0, applied.indexOf(oldest))
    .filter(({ state }) => state === 'completed')
    .at(-1);
  must(plan.to === (below?.phase ?? 'baseline'), `it goes to ${plan.to}, not to ${below?.phase ?? 'baseline'}`);
  const between = applied.slice(below ? applied.indexOf(below) + 1 : 0);
  must(
    between.every(({ state }) => state === 'back'),
    'something above the destination is not taken back',
  );
  const { now } = world;
  const goal = oldest.before;
  must(JSON.stringify(now.compose) === JSON.stringify(goal.compose), `compose ${JSON.stringify(now.compose)}`);
  must(now.config === goal.config, `configuration ${now.config}, not ${goal.config}`);
  for (const name of names) {
    const service = now.services[name]!;
    must(service.up, `${name} is down`);
    must(
      service.image === goal.compose[name] || service.image === goal.services[name]!.image,
      `${name} runs ${service.image}`,
    );
    must(!world.restarted.has(name) || service.config === now.config, `${name} has read ${service.config}`);
  }
  requireData(world, judged, before, goal);
}

function requireData({ now }: World, { plan, taken }: Judged, before: Snapshot, goal: Snapshot): void {
  const operations = taken.flatMap(({ run, phase, plan: of }) =>
    of.phases
      .filter(({ id }) => id === phase)
      .flatMap(({ stages }) => stages.flatMap((stage) => stage.operations))
      .map((operation) => ({ key: `${run}/${operation.id}`, operation })),
  );
  const keys = (gone: boolean) =>
    new Set(
      plan.kept.filter((one) => (one.gone === true) === gone).map(({ run = '', operation }) => `${run}/${operation}`),
    );
  const [said, lost] = [keys(false), keys(true)];
  const undone = new Set(plan.operations.flatMap(({ undoes = [] }) => undoes));
  for (const [resource, marks] of Object.entries(now.data)) {
    for (const key of marks) {
      const expected = goal.data[resource]!.has(key) || said.has(key);
      must(expected, `${key} is in ${resource} yet, and nothing says so`);
    }
    for (const key of goal.data[resource]!)
      must(marks.has(key) || lost.has(key) || undone.has(key), `${key} is gone from ${resource}, and nothing says so`);
  }
  for (const { key, operation } of operations) {
    must(!said.has(key) || !lost.has(key), `${key} is called kept and lost`);
    const where = dataOf(operation);
    const isIn = (at: Snapshot) => where.some((resource) => at.data[resource]?.has(key));
    if (lost.has(key)) must(!isIn(now), `${key} is called lost, and is there`);
    if (said.has(key) && isIn(before)) must(isIn(now), `${key} is called kept, and is gone`);
  }
}
