import type { ByHandInput } from '../break-glass/by-hand-input.ts';
import type { Step } from '../break-glass/step.ts';
import type { Check } from '../checks.ts';
import type { Operation, OperationKind } from './operation.ts';

type Of<K extends OperationKind> = Extract<Operation, { kind: K }>;

/** All that the rest of the system has to know of a kind of operation. There are no defaults: a new kind answers every question. */
export interface OperationDefinition<K extends OperationKind> {
  kind: K;
  /** What was ever released stays executable, so a new shape is a new version, never a change. */
  version: number;
  /**
   * `nothing`: it only looks, so it is run again freely and needs no intent. `beside`: what it makes lies beside the stack, and does no harm
   * twice. `target`: it changes the stack or its data, and is part of what makes two phases the same work.
   */
  changes: 'nothing' | 'beside' | 'target';
  /**
   * What becomes of it in a rehearsal on a clone: nothing of what only waits, or leaves records that go with the clone.
   * @param inside of some checks, those that the clone can answer
   */
  inClone(operation: Of<K>, inside: (checks: readonly Check[]) => Check[]): Of<K> | undefined;
  /**
   * What it does in a rollback to the order of its neighbours. `stack`: it brings all services to a state, so newer undos of services are
   * covered by it. `service`: the same for one service. `files`: it is done before the services that read them start. `anywhere`: it does the
   * same whichever checkpoint is active. `barrier`: nothing moves past it.
   */
  inRollback: 'stack' | 'service' | 'files' | 'anywhere' | 'barrier';
  /** Whether a rollback that leaves it out leaves data or services as no checkpoint has them. */
  bringsBack: boolean;
  /** Whether a person's work can still be taken back where no attempt has written down what stood before it. */
  knowsUndoAfterwards: boolean;
  /** Whether the world still tells, after its undo has begun, that it had never taken effect. */
  leavesEvidence: boolean;
  /** What stands still because of it: services `while-it-works`, `until-started` by another operation, or none. */
  stopsServices: 'no' | 'while-it-works' | 'until-started';
  /** Whether services that stood still run after it. */
  startsServices: boolean;
  /** Whether it makes databases beside those of a store, which a killed attempt leaves. */
  makesScratchDatabases: boolean;
  /** What it looks at, one line each, for the description of a plan. */
  looksAt(input: Of<K>['input']): string[];
  /** Stores and volumes that it writes to, as `store:NAME` and `volume:NAME`, as far as the plan knows. */
  writesTo(operation: Of<K>): string[];
  /** The resource that it saves in a recovery point. */
  backsUp(input: Of<K>['input']): string | undefined;
  /** The resource that it replaces, in its own place, by the contents of a recovery point. */
  restores(input: Of<K>['input']): string | undefined;
  /** Its step in a script that a person runs without Switchback. */
  byHand(operation: Of<K>, input: ByHandInput): Step;
}

/** It runs on a clone as it does on the target. */
export const asItIs = <O>(operation: O): O => operation;
const none = () => [];
const nothing = () => undefined;

/** Answers of the many kinds that neither work with data nor with services. Every one can be replaced. */
export const touchesNoData = {
  inClone: nothing,
  inRollback: 'barrier',
  bringsBack: false,
  knowsUndoAfterwards: false,
  leavesEvidence: false,
  stopsServices: 'no',
  startsServices: false,
  makesScratchDatabases: false,
  looksAt: none,
  writesTo: none,
  backsUp: nothing,
  restores: nothing,
} as const;

export const defineOperation = <K extends OperationKind>(definition: OperationDefinition<K>): OperationDefinition<K> =>
  definition;
