import { meaningChanges } from './meaning-changes.ts';
import type { Catalog, CatalogColumn, CatalogPart, CatalogRelation, Writes } from './capture-catalog.ts';
import type { CatalogChange } from './catalog-change.ts';

export type { CatalogChange } from './catalog-change.ts';

const nameOf = (relation: CatalogRelation) => `${relation.schema}.${relation.name}`;
const kinds: Record<string, string> = { r: 'table', p: 'table', f: 'table', v: 'view', m: 'view', S: 'sequence' };
export const kindOf = (relation: CatalogRelation) => kinds[relation.kind] ?? 'relation';

/** Everything that a step did to the user's relations, told by two looks at the catalogue within its transaction. */
export function catalogChanges(before: Catalog, after: Catalog): CatalogChange[] {
  const changes: CatalogChange[] = [];
  for (const old of before.relations.values()) {
    const now = after.relations.get(old.oid);
    const note = noteFor(changes, old);
    if (now === undefined) note('was dropped', { takes: `relation:${old.oid}`, losesData: kindOf(old) === 'table' });
    else compareRelation(old, now, note);
    compareWrites(old.kind, before.writes.get(old.oid), after.writes.get(old.oid), note);
  }
  for (const now of after.relations.values()) {
    if (before.relations.has(now.oid)) continue;
    noteFor(changes, now)('was created', { additive: true, adds: `relation:${now.oid}` });
    const filled = after.writes.get(now.oid)?.inserted ?? 0;
    // Its rows are read as rows of the table that it has become a part of.
    if (filled > 0 && now.parents.some((parent) => before.relations.has(parent)))
      noteFor(changes, now)(`brings ${filled} rows into its parent table`);
  }
  changes.push(...meaningChanges(before, after));
  return changes;
}

type Note = (what: string, more?: Partial<CatalogChange>) => void;

const noteFor =
  (changes: CatalogChange[], relation: CatalogRelation): Note =>
  (what, more = {}) =>
    changes.push({ relation: relation.oid, table: nameOf(relation), what, additive: false, losesData: false, ...more });

function compareRelation(old: CatalogRelation, now: CatalogRelation, note: Note): void {
  if (nameOf(old) !== nameOf(now)) note(`was renamed to ${nameOf(now)}`);
  // A refreshed materialised view has a new file as well, and nothing in it that is not elsewhere.
  if (old.file !== now.file && old.kind !== 'm') {
    note('had its file replaced (by TRUNCATE, or by a change that rewrites every row)', {
      losesData: old.kind === 'r',
    });
  }
  if (old.owner !== now.owner) note(`got the owner ${now.owner} instead of ${old.owner}`);
  if (old.rowSecurity !== now.rowSecurity) note(`has ${now.rowSecurity} instead of ${old.rowSecurity}`);
  if (old.flags !== now.flags)
    note(`has other storage settings (${now.flags} instead of ${old.flags})`, { additive: true });
  if (old.nature !== now.nature) note(`is of another nature (${now.nature} instead of ${old.nature})`);
  compareSequence(old, now, note);
  if (old.definition !== now.definition) note('has another definition');
  if (String(old.parents) !== String(now.parents)) note('has another parent table');
  compareAcl(`relation:${old.oid}`, 'a privilege', old.acl, now.acl, note);
  compareColumns(old, now, note);
  compareParts('constraint', old.constraints.map(constraintPart), now.constraints.map(constraintPart), note, (part) =>
    onNewColumnsOnly(old, now.constraints.find(({ oid }) => oid === part.oid)?.columns ?? []),
  );
  compareParts('trigger', old.triggers, now.triggers, note, () => true);
  // A unique index refuses rows, as a constraint does.
  compareParts('index', old.indexes, now.indexes, note, ({ unique }) => !unique || onNewColumnsOnly(old, unique));
  // A rule changes what a statement of the application means; a policy, what it sees.
  compareParts('rule', old.rules, now.rules, note, () => false);
  compareParts('policy', old.policies, now.policies, note, () => false);
}

const constraintPart = (constraint: CatalogRelation['constraints'][number]): CatalogPart => ({
  oid: constraint.oid,
  name: constraint.name,
  definition: constraint.definition,
  state: constraint.validated ? 'valid' : 'not valid',
});

/** What refuses values in columns that nobody used before refuses nothing that the application writes. Else: columns that would have to be new. */
function onNewColumnsOnly(old: CatalogRelation, columns: readonly number[]): boolean | string[] {
  const known = new Set(old.columns.map((column) => column.num));
  const before = columns.filter((column) => column === 0 || known.has(column));
  if (columns.length === 0) return false;
  return before.length === 0 || before.map((column) => columnKey(old, column));
}

const columnKey = ({ oid }: CatalogRelation, num: number) => `column:${oid}.${num}`;

function compareSequence(old: CatalogRelation, now: CatalogRelation, note: Note): void {
  if (old.last !== null && movedBy(old, now.last) < 0n)
    // A number that was given out already would be given out once more.
    note(`was set back from ${old.last} to ${now.last ?? 'its start'}`);
  else if (isUsedUp(old, now.last)) note(`has given out most of the numbers that it had left (now ${now.last})`);
}

const isDown = (sequence: CatalogRelation) => sequence.counts?.by.startsWith('-') ?? false;

/** How far a sequence has come on, in the direction that it counts in. */
export function movedBy(old: CatalogRelation, last: string | null): bigint {
  const start = BigInt(old.last ?? old.counts?.from ?? 0);
  const moved = BigInt(last ?? old.counts?.from ?? 0) - start;
  return isDown(old) ? -moved : moved;
}

/** No step gives out more than half of what is left of a sequence, unless it sets it. */
export function isUsedUp(old: CatalogRelation, last: string | null): boolean {
  if (!old.counts) return false;
  const start = BigInt(old.last ?? old.counts.from);
  const left = isDown(old) ? start - BigInt(old.counts.least) : BigInt(old.counts.most) - start;
  return movedBy(old, last) * 2n > left && movedBy(old, last) > 1000n;
}

function compareColumns(old: CatalogRelation, now: CatalogRelation, note: Note): void {
  const later = new Map(now.columns.map((column) => [column.num, column]));
  for (const column of old.columns) {
    const other = later.get(column.num);
    later.delete(column.num);
    const object = columnKey(old, column.num);
    if (other === undefined) note(`lost its column ${column.name}`, { takes: object, losesData: true });
    else compareColumn(column, other, object, note);
  }
  for (const column of later.values()) {
    // What is filled by itself is not missed by those who do not know it.
    const optional = !column.notNull || column.default !== null || column.made !== '';
    note(`got the column ${column.name}${optional ? '' : ', which every writer has to fill'}`, {
      additive: optional,
      adds: columnKey(old, column.num),
    });
  }
}

function compareColumn(old: CatalogColumn, now: CatalogColumn, object: string, note: Note): void {
  const column = `its column ${old.name}`;
  if (old.name !== now.name) note(`had ${column} renamed to ${now.name}`);
  if (old.type !== now.type) note(`had ${column} changed from ${old.type} to ${now.type}`, { losesData: true });
  if (old.notNull !== now.notNull) note(`had ${column} made ${now.notNull ? 'not null' : 'nullable'}`);
  if (old.default !== now.default || old.made !== now.made) note(`had the default of ${column} changed`);
  if (old.collation !== now.collation) note(`had the collation of ${column} changed`);
  if (old.kept !== undefined && now.kept !== undefined && old.kept !== now.kept)
    note(`had the way changed that ${column} is kept`);
  // An enum may get labels; those that rows use must stay.
  if (old.labels.some((label) => !now.labels.includes(label)))
    note(`had labels of ${column} changed`, { losesData: true });
  else if (now.labels.length > old.labels.length) note(`got more labels for ${column}`, { additive: true });
  compareAcl(object, `a privilege on ${column}`, old.acl, now.acl, note);
}

function compareAcl(object: string, what: string, old: string[], now: string[], note: Note): void {
  const [was, is] = [privileges(old), privileges(now)];
  for (const [grantee, { item, letters }] of was) {
    const other = is.get(grantee);
    const lost = [...letters].filter((letter) => !other?.letters.has(letter));
    if (other === undefined) note(`lost ${what} (${item})`, { takes: `acl:${object}:${item}` });
    else
      for (const letter of lost)
        note(`lost ${what} (${letter} of ${item})`, { takes: `acl:${object}:${grantee}=${letter}` });
  }
  for (const [grantee, { item, letters }] of is) {
    const other = was.get(grantee);
    if (other === undefined) note(`got ${what} (${item})`, { additive: true, adds: `acl:${object}:${item}` });
    else
      for (const letter of letters)
        if (!other.letters.has(letter))
          note(`got ${what} (${letter} of ${item})`, { additive: true, adds: `acl:${object}:${grantee}=${letter}` });
  }
}

/** `app=arw*d/owner` by grantee and grantor: a right that is added to others is another text, and takes none of them away. */
function privileges(items: string[]): Map<string, { item: string; letters: Set<string> }> {
  return new Map(
    items.map((item) => {
      const [, grantee = '', letters = '', grantor = ''] = /^(.*)=([a-zA-Z*]*)\/(.*)$/s.exec(item) ?? [];
      return [`${grantee}/${grantor}`, { item, letters: new Set(letters.match(/[a-zA-Z]\*?/g)) }];
    }),
  );
}

function compareParts(
  kind: string,
  old: CatalogPart[],
  now: CatalogPart[],
  note: Note,
  additive: (part: CatalogPart) => boolean | string[],
): void {
  const internal = (part: CatalogPart) => part.state.startsWith('internal');
  const later = new Map(now.map((part) => [part.oid, part]));
  for (const part of old) {
    const other = later.get(part.oid) ?? (kind === 'index' ? rebuilt(part, later) : undefined);
    later.delete(other?.oid ?? part.oid);
    const object = `${kind}:${part.oid}`;
    // Internal triggers are the shadows of foreign keys, and go with them.
    if (other === undefined && internal(part)) continue;
    if (other === undefined) note(`lost its ${kind} ${part.name}`, { takes: object });
    else if (other.name !== part.name) note(`had its ${kind} ${part.name} renamed to ${other.name}`);
    else if (other.definition !== part.definition) note(`had its ${kind} ${part.name} changed`);
    else if (other.state !== part.state)
      note(`had its ${kind} ${part.name} switched (${part.state} to ${other.state})`);
  }
  for (const part of later.values()) {
    const adds = { adds: `${kind}:${part.oid}` };
    const only = internal(part) || additive(part);
    if (!internal(part))
      note(
        `got the ${kind} ${part.name}`,
        Array.isArray(only) ? { ...adds, ifMade: only } : { ...adds, additive: only },
      );
    else if (part.name.startsWith('RI_ConstraintTrigger_a_'))
      note('is referred to by another foreign key', { ...adds, additive: true });
  }
}

/** REINDEX CONCURRENTLY puts another index of the same name and definition in its place. */
const rebuilt = (part: CatalogPart, later: ReadonlyMap<number, CatalogPart>) =>
  [...later.values()].find(
    ({ name, definition, state }) => name === part.name && definition === part.definition && state === part.state,
  );

function compareWrites(kind: string, old: Writes | undefined, now: Writes | undefined, note: Note): void {
  // Without the lock, whatever was counted was rolled back inside the step.
  if (!now?.locked) return;
  const inserted = now.inserted - (old?.inserted ?? 0);
  const updated = now.updated - (old?.updated ?? 0);
  const deleted = now.deleted - (old?.deleted ?? 0);
  if (updated > 0) note(`had ${updated} rows updated`, { losesData: true });
  if (deleted > 0) note(`had ${deleted} rows deleted`, { losesData: true });
  if (inserted > 0) note(`had ${inserted} rows inserted`);
  // A superuser can switch the counters off, but never the lock. A partitioned table has no rows: its partitions tell.
  // What became of the rows is not known then, as in a foreign table, whose rows lie on another server.
  if (kind !== 'p' && updated <= 0 && deleted <= 0 && inserted <= 0)
    note('was written to, though no row was counted', { losesData: true });
}
