import { AsyncLocalStorage } from 'node:async_hooks';
import type { EnvPair } from '../../runbook/masking/env-text.ts';
import { maskProse } from '../../runbook/masking/mask-value.ts';
import { maskerOf, type Masker } from '../../runbook/masking/masker.ts';
import { partsOf, secretValues } from '../../runbook/masking/secret-values.ts';

/** What this process has learned of the secrets of one target. */
class Knowledge {
  readonly #pairs = new Map<string, EnvPair>();
  readonly #secrets = new Set<string>();
  readonly #names = new Set<string>();
  #changed = true;
  #found = new Set<string>();

  learn(pairs: Iterable<EnvPair>, secrets: Iterable<string>, names: Iterable<string>): void {
    for (const pair of pairs) this.#add(this.#pairs, `${pair.name}=${pair.value}`, pair);
    for (const secret of secrets) this.#addTo(this.#secrets, secret);
    for (const name of names) this.#addTo(this.#names, name);
  }

  get secrets(): Set<string> {
    if (this.#changed) this.#found = new Set([...this.#secrets, ...secretValues(this.#pairs.values(), this.#names)]);
    this.#changed = false;
    return this.#found;
  }

  #add(map: Map<string, EnvPair>, key: string, pair: EnvPair): void {
    if (map.has(key)) return;
    map.set(key, pair);
    this.#changed = true;
  }

  #addTo(set: Set<string>, text: string): void {
    if (set.has(text)) return;
    set.add(text);
    this.#changed = true;
  }
}

/** What is known of no target in particular: a command line learns that. */
const ofAll = '';
const current = new AsyncLocalStorage<string>();
const known = new Map<string, Knowledge>();
const maskers = new Map<string, { of: Set<string>[]; mask: Masker }>();

function knowledgeOf(target: string): Knowledge {
  const found = known.get(target) ?? new Knowledge();
  known.set(target, found);
  return found;
}

/** Runs work for a target: what is learned meanwhile is known of it from then on, and masked in what it says. */
export function maskingFor<T>(target: string, work: () => Promise<T>): Promise<T> {
  return current.run(target, work);
}

const here = () => knowledgeOf(current.getStore() ?? ofAll);

/** Texts that are secret whatever their name: what a reference stood for, or a password that was looked up. */
export function learnSecrets(...values: string[]): void {
  const parts = values.flatMap((value) => [value, ...partsOf(value)]).filter((value) => value.trim().length >= 4);
  here().learn([], parts, []);
}

export function learnPairs(pairs: Iterable<EnvPair>): void {
  here().learn(pairs, [], []);
}

/** Names that stand in messages for everybody to read, and are no secrets though a variable may have one as its value. */
export function learnNames(names: Iterable<string>): void {
  here().learn([], [], names);
}

/** The masker of a target, with all that is known by now. */
export function maskerFor(target: string): Masker {
  const of = [knowledgeOf(ofAll).secrets, ...(target === ofAll ? [] : [knowledgeOf(target).secrets])];
  const made = maskers.get(target);
  if (made && made.of.length === of.length && made.of.every((set, index) => set === of[index])) return made.mask;
  const mask = maskerOf(of.flatMap((set) => [...set]));
  maskers.set(target, { of, mask });
  return mask;
}

/** Takes out of a text what is known to be secret where it is called. */
export const masked: Masker = (text) => maskerFor(current.getStore() ?? ofAll)(text);

/** Takes out what is known of any target: for a log that all of them share. */
export const maskedForAll: Masker = (text) =>
  [...known.keys()].reduce((masking, target) => maskerFor(target)(masking), maskerFor(ofAll)(text));

export const maskedProse = <T>(value: T): T => maskProse(value, masked);
