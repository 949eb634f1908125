import { CancellationScope, setCurrentDetails, sleep, uuid4, workflowInfo } from '@temporalio/workflow';
import type { CloneAnswer, RunRef } from '../runbook/activities.ts';
import type { CompiledPhase } from '../runbook/compiled-plan.ts';
import { rehearsalTarget } from '../runbook/names.ts';
import type { Rehearsal } from '../runbook/rehearsal.ts';
import { rehearsing } from './calls.ts';
import { rehearsalDetails } from './details.ts';
import { describeFailure } from './failure.ts';
import { shielded } from './interpreter.ts';
import type { RehearsalInput, RehearsalResult } from './messages.ts';
import { addComparison, bounded, calledOff, foundNothing } from './rehearsal-findings.ts';
import { closeLeg, goBack, goForward, openLeg, type Journey } from './rehearsal-legs.ts';
import { Session } from './session.ts';

/**
 * Tries the way back from phases on a clone of the stack: forward, back, forward again, by the operations that the run itself would
 * perform, compared after each. It never fails and waits for nobody; the clone is removed whatever happens.
 */
export async function rehearsal(input: RehearsalInput): Promise<RehearsalResult> {
  const run: RunRef = { target: rehearsalTarget(input.target, uuid4().slice(0, 8)), runId: '', epoch: 0 };
  const results: Rehearsal[] = [];
  const session = new Session(
    'phase',
    run,
    () => ({}),
    (current) => rehearsalDetails(input, results, current),
  );
  return shielded(session, async () => {
    const limit = setLimit(session, input.options.withinSeconds);
    const began = Date.now();
    let asked: string[] | undefined = input.phases;
    try {
      const built = await build(input, run, session);
      asked = built.phases.flatMap(({ id, rehearsed }) => (rehearsed ? [id] : []));
      const buildSeconds = (Date.now() - began) / 1000;
      if (built.outcome === 'built') {
        await rehearseAll({ input, built, run, session, legs: 0, buildSeconds }, results);
      } else {
        const outcome = built.outcome === 'at-fault' ? 'failed' : 'not-rehearsed';
        results.push(...foundNothing(asked, input, outcome, built.error.message));
      }
    } catch (error) {
      // Not even known what is to be rehearsed: whoever asked has to hear why.
      if (asked === undefined) throw error;
      const open = asked.filter((phase) => results.every((one) => one.phase !== phase));
      results.push(
        ...foundNothing(open, input, 'not-rehearsed', session.stop?.reason ?? describeFailure(error).message),
      );
    } finally {
      limit();
      await end(input, results, session);
    }
    session.tell(results.map((one) => `${one.phase}: ${one.outcome}`).join(', '));
    await session.close();
    return results;
  });
}

/** A rehearsal that takes longer than it may ends like one that was called off. @returns what stops the clock */
function setLimit(session: Session, seconds: number): () => void {
  const scope = new CancellationScope({ cancellable: true });
  void scope
    .run(async () => {
      await sleep(seconds * 1000, { summary: 'longest time for a rehearsal' });
      session.cancelledFromOutside(`it took longer than ${seconds} s`);
    })
    .catch(() => undefined);
  return () => scope.cancel();
}

async function build(input: RehearsalInput, run: RunRef, session: Session): Promise<CloneAnswer> {
  session.tell('building a clone of the stack');
  return session.interruptible(() =>
    rehearsing('build a clone of the stack').buildClone({
      target: input.target,
      clone: run.target,
      ...(input.run ? { run: input.run } : {}),
      ...(input.plan ? { plan: input.plan } : {}),
      ...(input.phases ? { phases: input.phases } : {}),
    }),
  );
}

async function rehearseAll(journey: Journey, results: Rehearsal[]): Promise<void> {
  const { built, session } = journey;
  for (const { id, rehearsed } of built.phases) {
    const phase = built.plan.phases.find((candidate) => candidate.id === id);
    if (!phase) continue;
    if (!rehearsed) {
      await openLeg(journey);
      const stop = await goForward(journey, phase, 'on the way');
      await closeLeg(journey);
      if (stop) throw new Error(`phase ${id}, on the way there, did not go forward: ${stop.reason}`);
      continue;
    }
    session.tell(`rehearsing the way back from ${id}`);
    const found = await rehearsePhase(journey, phase);
    results.push(found);
    // What comes after it would begin from a state that nobody wants.
    if (found.outcome !== 'held') return;
  }
}

async function rehearsePhase(journey: Journey, phase: CompiledPhase): Promise<Rehearsal> {
  const { input, built, session, run } = journey;
  const found: Rehearsal = {
    phase: phase.id,
    outcome: 'held',
    at: '',
    planDigest: built.plan.digest,
    seconds: { build: journey.buildSeconds },
    compared: [],
    differences: [],
    notes: [...built.notes],
  };
  const seconds = found.seconds ?? { build: 0 };
  const fail = (why: string) => {
    found.outcome = 'failed';
    found.why ??= why;
  };
  const took = async <T>(key: 'forward' | 'back' | 'again', work: () => Promise<T>) => {
    const began = Date.now();
    const result = await work();
    seconds[key] = (Date.now() - began) / 1000;
    return result;
  };
  const named = (moment: string) => `${phase.ordinal}-${moment}`;
  const capture = (moment: string, like?: string) =>
    rehearsing(`note what the clone holds: ${moment}`).captureClone({
      run,
      name: named(moment),
      settle: moment === 'before',
      ...(like === undefined ? {} : { like: named(like) }),
    });

  await openLeg(journey);
  const { restless } = await capture('before');
  const ignore = [...input.options.ignore, ...restless];
  if (restless.length > 0)
    found.notes.push(`not compared, since it changes by itself: ${restless.slice(0, 10).join(', ')}`);
  const forward = await took('forward', () => goForward(journey, phase, 'forward'));
  if (session.stop) return calledOff(found, session.stop);
  // A phase that fails is when a way back is needed: it is tried all the same.
  if (forward) fail(`going forward failed: ${forward.reason}`);
  await capture('forward');

  const leg = run.runId;
  const back = await took('back', () => goBack(journey, phase, input.options.discardData));
  if (session.stop) return calledOff(found, session.stop);
  if (back) {
    if (back.noWay) return { ...found, outcome: 'not-rehearsed', why: back.reason, at: new Date().toISOString() };
    fail(`the way back failed: ${back.reason}`);
    return { ...found, at: new Date().toISOString() };
  }
  await capture('back', 'before');
  const tookBack = { phase: phase.id, run: leg };
  addComparison(found, await compare(journey, named('before'), named('back'), ignore, tookBack), 'after the way back');
  if (found.differences.length > 0) fail(`the way back does not lead to where it began: ${found.differences[0]}`);
  await closeLeg(journey);

  if (!forward) {
    await openLeg(journey);
    const again = await took('again', () => goForward(journey, phase, 'forward again'));
    if (session.stop) return calledOff(found, session.stop);
    if (again) fail(`going forward again failed: ${again.reason}`);
    else {
      await capture('again', 'forward');
      addComparison(found, await compare(journey, named('forward'), named('again'), ignore), 'the second time forward');
      if (found.differences.length > 0) fail(`forward again leads elsewhere: ${found.differences[0]}`);
    }
    await closeLeg(journey);
  }
  return { ...found, at: new Date().toISOString() };
}

const compare = (
  { run }: Journey,
  before: string,
  after: string,
  ignore: string[],
  tookBack?: { phase: string; run: string },
) =>
  rehearsing(`compare the clone with what it was: ${before}, ${after}`).compareClone({
    run,
    before,
    after,
    ignore,
    ...(tookBack ? { tookBack } : {}),
  });

/** The clone goes, and what was found is written down; neither may keep the other from being done. */
async function end(input: RehearsalInput, results: Rehearsal[], session: Session): Promise<void> {
  try {
    await rehearsing('remove the clone').removeClone({ target: input.target });
  } catch (error) {
    session.tell(`the clone could not be removed, the next rehearsal does it: ${describeFailure(error).message}`);
  }
  await rehearsing('write down what was found').recordRehearsals({
    target: input.target,
    key: `${workflowInfo().workflowId}:${workflowInfo().runId}`,
    rehearsals: results.map(bounded),
  });
  setCurrentDetails(rehearsalDetails(input, results, session));
}
