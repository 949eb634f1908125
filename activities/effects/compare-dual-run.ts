import { errorTable, SwitchbackError } from '../../runbook/errors.ts';
import type { Comparison, OperationInputs } from '../../runbook/operations.ts';
import { compareSettled, describeComparison, summarise, type Described, type WithSides } from '../comparison/index.ts';
import { pause } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed } from '../effect.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';

type Context = EffectContext<'compareDualRun'>;
type Input = OperationInputs['compareDualRun'];

/** What one round of all comparisons said, or why it could not be held. */
type Sample = Described[] | SwitchbackError;

/** `compareDualRun`: old and new are compared again and again, until they were equal so many times in a row. */
export const compareDualRunHandler = (deps: { stores: StoreDrivers }): EffectHandler<'compareDualRun'> => ({
  async observe() {
    return 'absent';
  },
  async prepare(_input, context) {
    return { undo: context.operation.undo, facts: {} };
  },
  async perform(input, context) {
    const end = performance.now() + input.forSeconds * 1000;
    let [samples, passes] = [0, 0];
    for (;;) {
      const began = performance.now();
      const last = await takeSample(deps.stores, input, context);
      samples += 1;
      passes = isEqual(last) ? passes + 1 : 0;
      context.progress({
        doing: `${passes} of ${input.pass} equal in a row; ${lineOf(last)}`,
        done: passes,
        total: input.pass,
        unit: 'samples',
      });
      if (passes >= input.pass && isEqual(last)) return passed(last, passes, samples);
      const next = Math.max(began + input.everySeconds * 1000, performance.now());
      // One sample at least, however short the time is; and none that would begin after its end.
      if (next >= end) throw failed(last, passes, samples, input);
      await pause(next - performance.now(), context.signal);
    }
  },
});

const isEqual = (sample: Sample): sample is Described[] =>
  Array.isArray(sample) && sample.every((found) => found.equal);
const lineOf = (sample: Sample) =>
  Array.isArray(sample) ? sample.map(summarise).join('; ') : `it could not be measured: ${sample.message}`;

async function takeSample(stores: StoreDrivers, input: Input, context: Context): Promise<Sample> {
  try {
    const found: Described[] = [];
    for (const comparison of input.comparisons) found.push(await compareOnce(stores, comparison, context));
    return found;
  } catch (error) {
    context.signal.throwIfAborted();
    // A server that does not answer for a moment is no divergence. What no retry can heal ends the dual run.
    if (error instanceof SwitchbackError && errorTable[error.name].retried) return error;
    throw error;
  }
}

async function compareOnce(stores: StoreDrivers, comparison: Comparison, context: Context): Promise<Described> {
  const { left, right, key } = comparison;
  const what = left.store === right.store ? `two queries of ${left.store}` : `${left.store} and ${right.store}`;
  const withSides: WithSides = (work) =>
    withStore(stores, context, left.store, ['compare'], (mine) =>
      withStore(stores, context, right.store, ['compare'], async (other) => {
        const first = await mine.compare.source(left.query);
        try {
          const second = await other.compare.source(right.query, first);
          try {
            return await work({ left: first, right: second });
          } finally {
            await second.close();
          }
        } finally {
          await first.close();
        }
      }),
    );
  const options = { key, what, progress: (progress: Parameters<Context['progress']>[0]) => context.progress(progress) };
  return describeComparison(what, await compareSettled(withSides, options, context.signal), withSides);
}

function passed(last: Described[], passes: number, samples: number): Performed {
  const rows = last.reduce((sum, found) => sum + found.leftRows, 0);
  return {
    summary: `old and new were equal ${passes} times in a row: ${rows} rows in ${last.length} comparisons, ${samples} samples`,
    facts: { passes, samples, last: last },
    effect: { comparisons: last.length, equal: true },
  };
}

function failed(last: Sample, passes: number, samples: number, input: Input): SwitchbackError {
  if (!Array.isArray(last)) return last;
  const facts = { passes, samples, needed: input.pass };
  if (last.every((found) => found.equal)) {
    return new SwitchbackError(
      'ValidationMismatch',
      `old and new were equal ${passes} times in a row, not ${input.pass}, within ${input.forSeconds} s`,
      {
        hint: 'Give the dual run more time, or ask for fewer passes.',
        facts,
      },
    );
  }
  const wrong = last.filter((found) => !found.equal);
  const sum = (kind: 'missing' | 'extra' | 'different') => wrong.reduce((total, found) => total + found[kind], 0);
  return new SwitchbackError('ValidationMismatch', `old and new differ: ${wrong.map(summarise).join('; ')}`, {
    hint: 'Look at the rows named here on both sides. Nothing was cut over.',
    facts: {
      ...{ ...facts, missing: sum('missing'), extra: sum('extra'), different: sum('different') },
      // Flat, as facts of errors are: the sample as text.
      sample: JSON.stringify(wrong.map((found) => found.sample)).slice(0, 4000),
    },
  });
}
