import type { z } from 'zod';
import type { PointFiles } from '../break-glass/point-files.ts';
import type { SqlParser } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';
import type { StoreKindName, StorePart, StoreRef } from './store-kind.ts';

/** The text of a person's own restore, for the script that runs without Switchback. */
export interface RestoreByHand {
  why: string;
  commands: string[];
}

/** All that the rest of the system has to know of a kind of store without opening one. There are no defaults: a new kind answers every question. */
export interface StoreKind<K extends StoreKindName> {
  kind: K;
  /** As people call it: `PostgreSQL`. */
  title: string;
  /** Its reference in a plan: an object whose `kind` is a literal. */
  schema: z.core.$ZodTypeDiscriminable & z.ZodType<StoreRef<K>, StoreRef<K>>;
  /** What it can do. What is not listed is refused when the plan is read, by name. */
  can: readonly StorePart[];
  /** Whether all of its server can be backed up by its files (`method: physical`). */
  wholeServer: boolean;
  /** Port that its servers listen on where a URL names none; undefined for a kind without servers. */
  port: number | undefined;
  /** Where it is, in one line, without its secrets. */
  reachedBy(ref: StoreRef<K>): string;
  /** What makes its place: two references with equal places are the same store, whatever their secrets. */
  place(ref: StoreRef<K>): (string | undefined)[];
  /** What in it may hold references to secrets; all else in it are names. */
  secrets(ref: StoreRef<K>): string[];
  /** Variables by which a script without Switchback reaches it for a step of SQL; undefined for a kind that takes none. */
  scriptAddress(store: string, ref: StoreRef<K>): Record<string, string | string[]> | undefined;
  /** What is wrong with it that its schema cannot say. `path`: of the store in the plan. */
  findings(ref: StoreRef<K>, path: PlanPath, sql: SqlParser): Finding[];
  /** How a person restores one of its points. `id` and `summary` of the operation are added by the caller. */
  restoreByHand(store: string, point: PointFiles): RestoreByHand;
}

export const defineStoreKind = <K extends StoreKindName>(definition: StoreKind<K>): StoreKind<K> => definition;
