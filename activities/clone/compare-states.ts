import type { MarkComparison } from '../stores/store.ts';
import type { CloneState, ServiceState } from './read-state.ts';

export interface Difference {
  /** `file:PATH`, `service:NAME`, `volume:NAME`, `store:NAME` or `store:NAME/TABLE`. */
  resource: string;
  what: string;
}

export interface StateComparison {
  differences: Difference[];
  /** What there is more of: written meanwhile, and nobody's loss. */
  more: Difference[];
  compared: string[];
}

/**
 * Compares what two moments of a clone hold, stores left out. What was there must be there, and the same; what came to be meanwhile is
 * told, but is no fault: the clone's services run and write. Pure.
 */
export function compareStates(before: CloneState, after: CloneState): StateComparison {
  const found: StateComparison = { differences: [], more: [], compared: [] };
  const differ = (resource: string, what: string) => found.differences.push({ resource, what });
  compareEntries(before.files, after.files, (path, what) =>
    (what === 'is new' ? found.more : found.differences).push({ resource: `file:${path}`, what }),
  );
  for (const name of new Set([...Object.keys(before.services), ...Object.keys(after.services)])) {
    const [then, now] = [before.services[name], after.services[name]];
    const resource = `service:${name.replace(/ 1$/, '')}`;
    if (then === undefined) differ(resource, 'runs although it did not');
    else if (now === undefined) differ(resource, 'is gone');
    else for (const what of serviceChanges(then, now)) differ(resource, what);
  }
  for (const [volume, then] of Object.entries(before.volumes)) {
    const now = after.volumes[volume];
    const resource = `volume:${volume}`;
    if (now === undefined) differ(resource, 'is gone');
    else
      compareEntries(then, now, (path, what) =>
        (what === 'is new' ? found.more : found.differences).push({ resource, what: `${path} ${what}` }),
      );
  }
  found.compared = [
    `${Object.keys(before.files).length} files of the stack`,
    `${Object.keys(before.services).length} containers by image and configuration`,
    ...Object.entries(before.volumes).map(
      ([volume, entries]) => `volume ${volume}, ${Object.keys(entries).length} entries`,
    ),
  ];
  return found;
}

function serviceChanges(then: ServiceState, now: ServiceState): string[] {
  return (Object.keys(then) as (keyof ServiceState)[]).flatMap((part) => {
    if (then[part] === now[part]) return [];
    // Of these the values are no secret.
    return part === 'image' || part === 'condition'
      ? [`${part} is ${now[part]}, was ${then[part]}`]
      : [`has another ${part}`];
  });
}

function compareEntries(
  then: Record<string, string>,
  now: Record<string, string>,
  tell: (path: string, what: 'is gone' | 'has changed' | 'is new') => void,
): void {
  for (const [path, what] of Object.entries(then)) {
    if (now[path] === undefined) tell(path, 'is gone');
    else if (now[path] !== what) tell(path, 'has changed');
  }
  for (const path of Object.keys(now)) if (!(path in then)) tell(path, 'is new');
}

/** Whether a resource is left out by one of the names, in which `*` is any text: itself, or what it is a part of. Pure. */
export function isLeftOut(resource: string, names: readonly string[]): boolean {
  return names.some((name) => {
    const pattern = name
      .split('*')
      .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${pattern}(?:[/.].*)?$`, 's').test(resource);
  });
}

/** What steps have added to a store, as their receipts say, and whether they were taken back. */
export interface Additions {
  /** Steps that stay on purpose, or because taking them back would discard data. */
  kept: readonly string[];
  /** Steps that were taken back: nothing of this may be left. */
  undone: readonly string[];
  /** A step of this store stays: what its receipt does not tell by name may be its doing. */
  anyKept: boolean;
}

/** Judges what a store says of two moments. Pure. */
export function judgeStore(store: string, marks: MarkComparison, additions: Additions): StateComparison {
  const found: StateComparison = { differences: [], more: [], compared: [`store ${store}: ${marks.compared}`] };
  const resource = `store:${store}`;
  for (const { object, what } of marks.added) {
    const left = additions.undone.includes(what);
    const meant = !left && (additions.kept.includes(what) || additions.anyKept);
    (meant ? found.more : found.differences).push({
      resource: `${resource}/${object}`,
      what: left ? `${what}, and its undo has not taken that back` : what,
    });
  }
  for (const { object, what } of marks.changed)
    (additions.anyKept ? found.more : found.differences).push({ resource: `${resource}/${object}`, what });
  for (const { table, missing, different, more } of marks.tables) {
    const rows = { resource: `${resource}/${table}` };
    if (missing > 0) found.differences.push({ ...rows, what: `${missing} rows are gone` });
    if (different > 0) found.differences.push({ ...rows, what: `${different} rows have other values` });
    if (more > 0) found.more.push({ ...rows, what: `${more} rows more` });
  }
  return found;
}
