/** Entries of a protected volume or path by their place in it, each with what it is: kind, mode, owner, size, time of its last change. */
export type Entries = ReadonlyMap<string, string>;

/** What became of what is protected, between two looks. */
export type DataChange = {
  /** `volume V`, `path P` or `store S`. */
  name: string;
  /** Entries that were there at the first look. */
  before?: number;
  gone?: number;
  changed?: number;
  added?: number;
  /** Of a store: whether it is the same database. */
  same?: boolean;
  /** Why nobody knows. */
  unknown?: string;
};

export function compareEntries(name: string, before: Entries, after: Entries): DataChange {
  let gone = 0;
  let changed = 0;
  for (const [path, what] of before) {
    const now = after.get(path);
    if (now === undefined) gone += 1;
    else if (now !== what) changed += 1;
  }
  return { name, before: before.size, gone, changed, added: after.size - before.size + gone };
}

/** In one line, e.g. `protected volume V: changed: 3 entries differ (1 gone, 2 new)`. */
export function sayChange({ name, before = 0, gone = 0, changed = 0, added = 0, same, unknown }: DataChange): string {
  if (unknown !== undefined) return `${name}: not looked up, ${unknown}`;
  if (same !== undefined) return `${name}: ${same ? 'the same database' : 'another database'}`;
  const differ = gone + changed + added;
  if (differ === 0) return `protected ${name}: unchanged`;
  const parts = [gone > 0 ? `${gone} of ${before} gone` : '', added > 0 ? `${added} new` : ''].filter(Boolean);
  return `protected ${name}: changed: ${differ === 1 ? '1 entry differs' : `${differ} entries differ`}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

/** What nobody may call a success: data that is gone, or another database in its place. */
export function dataFault(changes: readonly DataChange[]): { message: string; hint: string } | undefined {
  const emptied = changes.find(({ before = 0, gone = 0 }) => before > 0 && gone === before);
  if (emptied)
    return {
      message: `protected ${emptied.name} has lost ${emptied.before === 1 ? 'the one entry' : `all ${emptied.before} entries`} that it had`,
      hint: 'Look what a service has done to it, before anything else writes there. A rollback brings back code and configuration; the data is in a recovery point, if there is one.',
    };
  const other = changes.find(({ same }) => same === false);
  if (other)
    return {
      message: `${other.name} is another database than before: one was begun beside its data, or its address leads elsewhere now`,
      hint: 'Its data is where it was: compare the mounts and PGDATA of its service with those before. Roll back, or correct the checkpoint; skip only if the new database is wanted.',
    };
  return undefined;
}

/** What one operation that is concerned saw, and whether it took place. */
export interface DataLook {
  changes: readonly DataChange[] | undefined;
  /** It began and never reported, so that nobody looked after it. */
  blind: boolean;
  /** Its look began as the oldest phase began that goes back: it sees also what others did that never reported. */
  sincePhase: boolean;
  /** Images in which it kept what containers had written into themselves, by service. */
  kept: Readonly<Record<string, readonly string[]>>;
  /** Those of such images that its containers began with. */
  putBack: readonly string[];
}

/** What is known of the data after a rollback, from what all operations saw that were taken back, and those that took them back. */
export function sayWhatIsLost(looks: readonly DataLook[]): { nothingLost: boolean; lines: string[] } {
  const byName = new Map<string, DataChange[]>();
  for (const change of looks.flatMap(({ changes = [] }) => changes))
    byName.set(change.name, [...(byName.get(change.name) ?? []), change]);
  const aside = keptAside(looks);
  const lines = [...[...byName.values()].map((changes) => sayChange(worst(changes))), ...aside];
  const all = [...byName.values()].flat();
  const seen = looks.some(({ sincePhase }) => sincePhase) || !looks.some(({ blind }) => blind);
  const isSafe = ({ unknown, same, gone = 0, changed = 0 }: DataChange) =>
    unknown === undefined && (same ?? true) && gone === 0 && changed === 0;
  return { nothingLost: seen && all.length > 0 && all.every(isSafe) && aside.length === 0, lines };
}

/** What containers had written into themselves, and no container has now: one line for each service. */
function keptAside(looks: readonly DataLook[]): string[] {
  const back = new Set(looks.flatMap(({ putBack }) => putBack));
  const aside = new Map<string, string[]>();
  for (const [service, images] of looks.flatMap(({ kept }) => Object.entries(kept)))
    aside.set(service, [...(aside.get(service) ?? []), ...images.filter((image) => !back.has(image))]);
  return [...aside].flatMap(([service, images]) =>
    images.length === 0 ? [] : [`service ${service}: ${sayKept(images)}`],
  );
}

/** @param images names, one for each container */
export const sayKept = (images: readonly string[]): string =>
  `what ${images.length === 1 ? 'a container had written into itself' : `${images.length} containers had written into themselves`} is not put back, and is kept as ${images.join(', ')}`;

const rank = ({ unknown, same, gone = 0, changed = 0, added = 0 }: DataChange) =>
  same === false ? 1e15 : gone * 1e6 + changed * 1e3 + added + (unknown === undefined ? 0 : 0.5);

const worst = (changes: readonly DataChange[]): DataChange =>
  changes.reduce((one, other) => (rank(other) > rank(one) ? other : one));

/** What the journal tells of one operation's look: its receipt's facts, where it has one, and what it was asked to put back. */
export function lookOf(prepared: Facts | undefined, receipt: Facts | undefined, input: object = {}): DataLook {
  const found = receipt?.['data'];
  const { layers = {} } = input as { layers?: Record<string, string> };
  return {
    kept: keptIn(receipt),
    putBack: receipt === undefined ? [] : Object.values(layers),
    changes: Array.isArray(found) ? (found as DataChange[]) : undefined,
    blind: receipt === undefined && prepared?.['data'] !== undefined,
    sincePhase: receipt?.['sincePhase'] === true,
  };
}

/** A checkpoint tells of all services, an image step of the one that it is about. */
function keptIn(receipt: Facts | undefined): DataLook['kept'] {
  const layers = receipt?.['layers'] ?? {};
  if (Array.isArray(layers)) return { [String(receipt?.['service'])]: layers as string[] };
  return layers as DataLook['kept'];
}

interface Facts {
  readonly [name: string]: unknown;
}
