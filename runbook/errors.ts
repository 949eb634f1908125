/**
 * The one list of errors that cross the border between worker, workflow and command line. Adapters throw these classes;
 * one interceptor turns them into `ApplicationFailure`s of the same type; workflows and the command line look them up here.
 */
export interface ErrorRule {
  /** Whether Temporal may try the activity again by itself. A person may always retry a parked operation. */
  retried: boolean;
  /** What the command line exits with when a command ends on this error. */
  exitCode: number;
  meaning: string;
}

export const errorTable = {
  PlanInvalid: { retried: false, exitCode: 3, meaning: 'the plan, or a file it names, cannot be run as written' },
  PreconditionFailed: { retried: false, exitCode: 4, meaning: 'a check that must hold before acting does not hold' },
  ProofExpired: {
    retried: false,
    exitCode: 4,
    meaning: 'the proof of a recovery point is older than the plan allows at a cutover',
  },
  Conflict: { retried: false, exitCode: 5, meaning: 'another run, holder or object is in the way' },
  AccessDenied: { retried: false, exitCode: 8, meaning: 'the worker, or the person, is not allowed to do this' },
  ValidationMismatch: { retried: false, exitCode: 9, meaning: 'what was found differs from what must be there' },
  CheckFailed: { retried: false, exitCode: 6, meaning: 'a verification ran, and its answer was no' },
  LeaseLost: { retried: false, exitCode: 5, meaning: 'a newer holder or attempt owns the target' },
  PointOfNoReturn: { retried: false, exitCode: 9, meaning: 'this cannot be undone any more' },
  UndoFailed: { retried: false, exitCode: 7, meaning: 'taking an operation back failed' },
  Protected: { retried: false, exitCode: 9, meaning: 'a protected resource would have been changed' },
  Unsupported: { retried: false, exitCode: 2, meaning: 'this is not something Switchback can do here' },
  EffectUnknown: {
    retried: false,
    exitCode: 7,
    meaning: 'whether the effect took place cannot be told; a person must look',
  },
  IntegrityFailed: { retried: false, exitCode: 9, meaning: 'a checksum, journal line or backup is damaged' },
  ResourceExhausted: { retried: false, exitCode: 4, meaning: 'disk, memory or another bounded resource ran out' },
  StepFailed: { retried: false, exitCode: 6, meaning: 'a step of the plan ran and failed by itself' },
  Unreachable: { retried: true, exitCode: 10, meaning: 'a server did not answer' },
  Busy: { retried: true, exitCode: 10, meaning: 'a resource is held by somebody else for the moment' },
  NotReady: { retried: true, exitCode: 10, meaning: 'a service has not become ready in time' },
} as const satisfies Record<string, ErrorRule>;

export type ErrorName = keyof typeof errorTable;

/** Names that no activity retry policy retries. */
export const neverRetried: ErrorName[] = (Object.keys(errorTable) as ErrorName[]).filter(
  (name) => !errorTable[name].retried,
);

/** What a message says after what is wrong: the way out. */
export interface ErrorDetail {
  /** A sentence that tells the operator what to do about it. */
  hint?: string;
  /** Flat facts for machines: names, values, limits. Never a secret. */
  facts?: Record<string, string | number | boolean | null>;
}

/** An error of the table. `message` is lower-case and names the thing and the value; `hint` is a sentence of its own. */
export class SwitchbackError extends Error {
  readonly hint: string | undefined;
  readonly facts: Record<string, string | number | boolean | null>;
  constructor(
    override readonly name: ErrorName,
    message: string,
    detail: ErrorDetail = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.hint = detail.hint;
    this.facts = detail.facts ?? {};
  }
}

/** Whether a string is the name of an error of the table. */
export function isErrorName(name: string | undefined | null): name is ErrorName {
  return typeof name === 'string' && Object.hasOwn(errorTable, name);
}
