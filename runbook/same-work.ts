import type { CompiledPhase, CompiledPlan } from './compiled-plan.ts';
import { SwitchbackError } from './errors.ts';
import { lostOf } from './data-lineage.ts';
import { canonicalJson } from './json.ts';
import type { OperationRecord } from './operation-record.ts';
import { definitionOf, type Operation } from './operations/index.ts';
import { completedApplications, type PhaseApplication } from './phase-applications.ts';
import { planNameOf } from './rollback-scope.ts';
import type { TargetState } from './target-state.ts';
import { storeKindOf } from './stores/index.ts';

/** A plan with the digests of the files that it names, as it was sealed, or is about to be. */
export interface Sealed {
  plan: CompiledPlan;
  files: Readonly<Record<string, string>>;
}

/** What a phase of a plan is to a target on which a phase of its id stands. */
export interface StandingPhase {
  phase: string;
  /** The run that completed the one that stands, and its plan. */
  run: string;
  plan: string;
  /** `complete`: it is the same work of the same plan. `another`: it is work of its own, and is done beside what stands. */
  verdict: 'complete' | 'another';
}

/** What it makes or looks at lies beside the stack, and does no harm twice. */
const isBeside = ({ kind }: Operation) => definitionOf(kind).changes !== 'target';
const onlyLooks = ({ kind }: Operation) => definitionOf(kind).changes === 'nothing';

const operationsOf = ({ stages }: CompiledPhase): Operation[] => stages.flatMap(({ operations }) => operations);
const hasEffects = (phase: CompiledPhase) => operationsOf(phase).some((operation) => !isBeside(operation));

/**
 * The work of a phase as text that is equal for equal work: its effects in order, with the contents of the files that they name and the
 * stores that they reach. What a phase looks at, waits for or keeps is left out: better checks do not make other work of what was done.
 */
export function workOf(phase: CompiledPhase, sealed: Sealed): string {
  const isLeftOut = hasEffects(phase) ? isBeside : onlyLooks;
  return canonicalJson(
    operationsOf(phase)
      .filter((operation) => !isLeftOut(operation))
      .map((operation) => ({
        kind: operation.kind,
        stage: operation.stage,
        ...storeOf(operation.input, sealed),
        input: withContents(workIn(operation), sealed),
      })),
  );
}

/** Whether volumes are archived in one quiet window changes nothing of what is in their points. */
function workIn(operation: Operation): object {
  if (operation.kind !== 'backupVolume') return operation.input;
  const { volume, point, quiesce } = operation.input;
  return { volume, point, quiesce };
}

/** Names of files become names with contents. */
function withContents(value: unknown, { files }: Sealed): unknown {
  if (typeof value === 'string') return Object.hasOwn(files, value) ? `${value} ${files[value] ?? ''}` : value;
  if (Array.isArray(value)) return value.map((each) => withContents(each, { files } as Sealed));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withContents(each, { files } as Sealed)]));
}

/** Another database under the same name is another place; another password is not. */
function storeOf(input: object, { plan }: Sealed): { at?: unknown } {
  const ref = 'store' in input ? plan.stores[input.store as string] : undefined;
  return ref === undefined ? {} : { at: [ref.kind, ...storeKindOf(ref).place(ref)] };
}

/**
 * What stands of the phases of a plan: only the same work of the same plan counts as done. What another plan did under the same id is no
 * part of this one, and is said.
 * @throws SwitchbackError `Conflict` where a phase that stands has been given other work, or a plan another name, or where a restore has taken
 * out of the data what the phase did
 */
export function standingPhases(
  sealed: Sealed,
  state: TargetState,
  sealedOf: (run: string) => Sealed | undefined,
): StandingPhase[] {
  const completed = completedApplications(state);
  return sealed.plan.phases.flatMap((phase): StandingPhase[] => {
    const named = completed.filter(({ id }) => id === phase.id);
    const own = named.findLast(({ run }) => planNameOf(state, run) === sealed.plan.name);
    const newest = own ?? named.at(-1);
    if (!newest) return [];
    const same = isSameWork(phase, sealed, newest, sealedOf(newest.run));
    const plan = planNameOf(state, newest.run);
    const told = { phase: phase.id, run: newest.run, plan };
    const lost = own && same ? lostOf(state, own) : [];
    if (lost.length > 0) throw takenOut(lost, told);
    if (own && same) return [{ ...told, verdict: 'complete' }];
    if (hasEffects(phase) && own) throw changed(phase, told);
    if (hasEffects(phase) && same) throw renamed(phase, told, sealed.plan.name);
    return [{ ...told, verdict: 'another' }];
  });
}

function isSameWork(phase: CompiledPhase, sealed: Sealed, { id }: PhaseApplication, done: Sealed | undefined): boolean {
  const before = done?.plan.phases.find((each) => each.id === id);
  return before !== undefined && done !== undefined && workOf(before, done) === workOf(phase, sealed);
}

interface Told {
  phase: string;
  run: string;
  plan: string;
}

const changed = ({ id }: CompiledPhase, { run, plan }: Told) =>
  new SwitchbackError(
    'Conflict',
    `phase ${id} of plan ${plan} was completed by run ${run} with other work, and stands`,
    {
      hint: `Give what is new a phase of its own, or put the steps and files of ${id} back as they were; or take it back first: \`switchback rollback\`.`,
      facts: { phase: id, run },
    },
  );

function takenOut(lost: readonly OperationRecord[], { phase, run }: Told): SwitchbackError {
  const places = [...new Set(lost.flatMap(({ lostIn = [] }) => lostIn))];
  const what = lost.map(({ operation }) => operation.id).join(', ');
  return new SwitchbackError(
    'Conflict',
    `phase ${phase} was completed by run ${run}, and a restore has taken ${what} out of ${places.join(' and ')} since`,
    {
      hint: `Take ${phase} back and run the plan again, or restore a later recovery point: \`switchback backup list\`.`,
      facts: { phase, run },
    },
  );
}

const renamed = ({ id }: CompiledPhase, { run, plan }: Told, now: string) =>
  new SwitchbackError(
    'Conflict',
    `phase ${id} of plan ${now} is what plan ${plan} did in run ${run}, and that stands`,
    {
      hint: `If ${now} is a new name of ${plan}, put the old one back; to do the same once more, give the phase another id.`,
      facts: { phase: id, run },
    },
  );

/** What is said of a phase whose id stands for another plan's work as well. */
export const describeStanding = ({ phase, run, plan }: StandingPhase): string =>
  `phase ${phase} is carried out: what run ${run} did under that id belongs to plan ${plan}, and stands below it`;
