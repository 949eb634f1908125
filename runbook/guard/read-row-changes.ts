import { objectKey, showName, type SqlFacts, type SqlName } from './sql-facts.ts';
import { fieldsOf, nodesOf, tableOf, visitNodes, type SqlFields } from './sql-tree.ts';

/** Finds every INSERT, UPDATE, DELETE and MERGE of a statement, also inside WITH, EXPLAIN, PREPARE and CREATE TABLE … AS. */
export function readRowChanges(root: unknown, facts: SqlFacts): void {
  visitNodes(root, (kind, fields) => {
    switch (kind) {
      case 'InsertStmt':
        readInsert(fields, facts);
        break;
      case 'UpdateStmt':
        readChange('UPDATE', 'writes', tableOf(fields['relation']), facts);
        break;
      case 'DeleteStmt':
        readChange('DELETE', 'discards', tableOf(fields['relation']), facts);
        break;
      case 'MergeStmt':
        readMerge(fields, facts);
        break;
      case 'IntoClause': {
        const into = tableOf(fields['rel']);
        if (into === undefined || facts.kind === 'CreateTableAsStmt') break;
        facts.makes.push(objectKey(into));
        facts.effects.push({ how: 'adds', action: 'SELECT … INTO', table: into });
        break;
      }
    }
  });
}

function readInsert(fields: SqlFields, facts: SqlFacts): void {
  const table = tableOf(fields['relation']);
  const overwrites = fieldsOf(fields['onConflictClause'])['action'] === 'ONCONFLICT_UPDATE';
  if (overwrites) readChange('INSERT … ON CONFLICT DO UPDATE', 'writes', table, facts);
  else if (table) push('INSERT', 'writes', table, facts);
}

/** Of a value that is written over, nothing is left. */
function readChange(action: string, how: 'writes' | 'discards', table: SqlName | undefined, facts: SqlFacts): void {
  if (table === undefined) return;
  push(action, how, table, facts);
  facts.discards.push(`${action}${action === 'DELETE' ? ' FROM' : ''} ${showName(table)}`);
}

function readMerge(fields: SqlFields, facts: SqlFacts): void {
  const table = tableOf(fields['relation']);
  if (table === undefined) return;
  push('MERGE', 'writes', table, facts);
  const commands = nodesOf(fields['mergeWhenClauses']).map(({ fields: when }) => when['commandType']);
  if (commands.some((command) => command === 'CMD_UPDATE' || command === 'CMD_DELETE'))
    facts.discards.push(`MERGE INTO ${showName(table)}`);
}

/** A superuser may write the catalogue itself, and with it the meaning of everything. */
function push(action: string, how: 'writes' | 'discards', table: SqlName, facts: SqlFacts): void {
  const catalogue = table.schema === 'pg_catalog' || (table.schema === undefined && table.name.startsWith('pg_'));
  if (catalogue) facts.effects.push({ how: 'changes', action: `${action} on ${showName(table)}`, wide: 'database' });
  else facts.effects.push({ how, action, table });
}
