import type { TargetHome } from '../journal/target-home.ts';
import type { CompiledPlan } from '../runbook/compiled-plan.ts';
import type { JsonObject } from '../runbook/json.ts';
import type { Operation, OperationInputs, OperationKind, Undo } from '../runbook/operations.ts';

/** How far an effect has come, shown live in `watch` and sent with heartbeats. */
export interface Progress {
  /** What is happening now, in the operator's words. */
  doing: string;
  done?: number;
  total?: number;
  unit?: 'bytes' | 'rows' | 'keys' | 'samples' | 'services' | 'checks';
}

/** What the world says about an effect, before anything is done. */
export type Observation = 'absent' | 'partial' | 'done' | 'unknown';

export type { TargetHome };

/** Everything an effect handler may use of its surroundings. */
export interface EffectContext<K extends OperationKind = OperationKind> {
  target: string;
  runId: string;
  operation: Operation<K>;
  /** Grows with each attempt of the operation, over workflow and worker restarts. */
  attempt: number;
  /** Of the lease; part of the fencing token. */
  epoch: number;
  plan: CompiledPlan;
  home: TargetHome;
  /** Aborted on cancellation, on loss of the heartbeat and when the worker shuts down. */
  signal: AbortSignal;
  /** Cheap: call as often as you like, it is throttled. */
  progress(progress: Progress): void;
  /** Throws `LeaseLost` when a newer holder or attempt owns the target. Call right before each irreversible effect. */
  fence(): Promise<void>;
  /** Contents of a file that was sealed when the run started, by its plan path. Throws `PlanInvalid` when it was not. */
  sealed(path: string): Promise<Buffer>;
  /** Stores bytes in the target's content store and returns their SHA-256. */
  keep(bytes: Buffer): Promise<string>;
  /** Bytes from the content store by digest, verified. Throws `IntegrityFailed`. */
  kept(digest: string): Promise<Buffer>;
  /** Replaces `${env:NAME}` and `${file:PATH}` in a template. The result must never be logged, returned or put in argv. */
  secret(template: string): Promise<string>;
  /** The receipt's facts of an earlier operation of this target, from the journal; of this run unless told. */
  factsOf(operationId: string, run?: string): Promise<JsonObject | undefined>;
  /** Records in the journal that a resource's identity is now another one (after a swap), or what it was first seen as. */
  bindIdentity(resource: string, identity: string): Promise<void>;
  identityOf(resource: string): Promise<string | undefined>;
  log(message: string): void;
}

export interface Performed {
  /** One line of what was really done, with figures. */
  summary: string;
  facts: JsonObject;
  /** What the effect digest is made from: no times, no random ids. */
  effect: JsonObject;
  /** When only now the complete undo is known. Otherwise the prepared one stands. */
  undo?: Undo;
}

/**
 * One kind of operation. The wrapper calls `observe`; on `done` it calls `adopt`; on `absent` or `partial` it calls `prepare`,
 * journals the intent with the prepared undo, calls `perform` and journals the receipt. `unknown` parks. `Facts`: what it looks up before it
 * acts, kept with the intent.
 */
export interface EffectHandler<K extends OperationKind, Facts extends JsonObject = JsonObject> {
  /** `prepared` is what an earlier attempt journalled with its intent, if there was one. */
  observe(
    input: OperationInputs[K],
    context: EffectContext<K>,
    prepared: Prepared<Facts> | undefined,
  ): Promise<Observation>;
  /** Looks, without any effect, and resolves the undo completely. Not called again when an earlier attempt prepared. */
  prepare(input: OperationInputs[K], context: EffectContext<K>): Promise<Prepared<Facts>>;
  /** Must be safe to call after an earlier attempt was killed at any instruction. */
  perform(input: OperationInputs[K], context: EffectContext<K>, prepared: Prepared<Facts>): Promise<Performed>;
  /** Describes an effect that an earlier attempt completed without its receipt. Default: `perform`, which must then be a no-op. */
  adopt?(input: OperationInputs[K], context: EffectContext<K>, prepared: Prepared<Facts>): Promise<Performed>;
  /**
   * Whether the world shows that no attempt of an operation without a receipt has ever begun to take effect, asked before it is taken
   * back; in doubt it has. Default: `observe` says `absent`. Needed where `absent` means "may be run now" or speaks of a part of the
   * effect only.
   */
  untouched?(input: OperationInputs[K], context: EffectContext<K>, prepared: Prepared<Facts>): Promise<boolean>;
  /** Tidies up once the receipt is durable. May be left out by a crash, and what it throws is only logged: nothing may depend on it. */
  settle?(input: OperationInputs[K], context: EffectContext<K>): Promise<void>;
}

export interface Prepared<Facts extends JsonObject = JsonObject> {
  undo: Undo;
  facts: Facts;
}

/** Handlers of all kinds: what the worker is made of. */
export type EffectHandlers = { [K in OperationKind]: EffectHandler<K> };

/** The handler of an operation of any kind: its inputs and facts are those that it has written itself. */
export const handlerOf = (handlers: EffectHandlers, kind: OperationKind): EffectHandler<OperationKind> =>
  handlers[kind];
