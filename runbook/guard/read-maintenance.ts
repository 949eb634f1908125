import type { SqlCursor } from './sql-cursor.ts';
import { showName, type SqlFacts } from './sql-facts.ts';

export function readTruncate(cursor: SqlCursor, facts: SqlFacts): void {
  cursor.takes('table');
  for (const table of cursor.names()) {
    facts.effects.push({ how: 'discards', action: 'TRUNCATE', table });
    facts.discards.push(`TRUNCATE ${showName(table)}`);
  }
  if (cursor.has('cascade')) facts.effects.push({ how: 'discards', action: 'TRUNCATE … CASCADE', wide: 'dependents' });
}

export function readRefresh(cursor: SqlCursor, facts: SqlFacts): void {
  cursor.takes('materialized', 'view');
  cursor.takes('concurrently');
  const table = cursor.name();
  if (table) facts.effects.push({ how: 'writes', action: 'REFRESH MATERIALIZED VIEW', table });
}

export function readCluster(cursor: SqlCursor, facts: SqlFacts): void {
  cursor.takes('verbose');
  const table = cursor.name();
  facts.effects.push({ how: 'changes', action: 'CLUSTER', ...(table ? { table } : { wide: 'database' as const }) });
  facts.alone = table === undefined;
}

export function readVacuum(cursor: SqlCursor, facts: SqlFacts): void {
  facts.alone = true;
  const full = cursor.has('full');
  facts.harmlessOutside = !full;
  while (!cursor.done && !/^(word|quoted)$/.test(cursor.peek()?.kind ?? '')) cursor.at++;
  while (cursor.takesOneOf(['full', 'freeze', 'verbose', 'analyze', ')', ','])) continue;
  if (!full) return;
  const tables = cursor.names();
  if (tables.length === 0) facts.effects.push({ how: 'changes', action: 'VACUUM FULL', wide: 'database' });
  for (const table of tables) facts.effects.push({ how: 'changes', action: 'VACUUM FULL', table });
}

export function readReindex(cursor: SqlCursor, facts: SqlFacts): void {
  facts.harmlessOutside = cursor.has('concurrently');
  facts.alone = facts.harmlessOutside || cursor.has('database') || cursor.has('system') || cursor.has('schema');
}

export function readSet(cursor: SqlCursor, facts: SqlFacts): void {
  cursor.takesOneOf(['local', 'session']);
  if (cursor.sees('search_path') || cursor.sees('role') || cursor.sees('authorization')) facts.movesSearchPath = true;
  if (cursor.sees('schema')) facts.movesSearchPath = true;
  if (cursor.sees('track_counts')) {
    facts.refusal = {
      message: 'SET track_counts switches off the row counters that protected tables are watched by',
      hint: 'Leave it out.',
    };
  }
}
