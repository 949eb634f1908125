import { readAlterTable } from './read-alter-table.ts';
import { readDo, readFunction, type BodyReader } from './read-body.ts';
import * as create from './read-create.ts';
import { readDrop } from './read-drop.ts';
import * as maintain from './read-maintenance.ts';
import * as objects from './read-objects.ts';
import * as roles from './read-roles.ts';
import { readRowChanges } from './read-row-changes.ts';
import { ownTransaction, readSet } from './read-settings.ts';
import { objectKey, type SqlFacts } from './sql-facts.ts';
import type { ParsedStatement } from './sql-parser.ts';
import { fieldsOf, nameOf, tableOf, textOf, type SqlFields } from './sql-tree.ts';

type Reader = (fields: SqlFields, facts: SqlFacts, text: string, bodies: BodyReader) => void;

const nothing =
  (verb: string): Reader =>
  (_fields, facts) => {
    facts.verb = verb;
  };
const hides =
  (verb: string, why: string): Reader =>
  (_fields, facts) => {
    facts.verb = verb;
    facts.hidden = why;
  };
const everything =
  (verb: string, how: 'adds' | 'changes' | 'discards'): Reader =>
  (_fields, facts) => {
    facts.verb = verb;
    facts.effects.push({ how, action: verb, wide: 'database' });
    if (how === 'discards') facts.discards.push(verb);
  };
const makes =
  (type: string, name: (fields: SqlFields) => unknown): Reader =>
  (fields, facts) => {
    const found = name(fields);
    const maybe = fields['if_not_exists'] === true || fields['replace'] === true;
    create.readNewObject(facts, type, typeof found === 'string' ? { name: found } : create.firstName(found), maybe);
  };
const alters =
  (type: string, name: (fields: SqlFields) => unknown): Reader =>
  (fields, facts) => {
    const found = name(fields);
    objects.readAlterObject(type, typeof found === 'string' ? { name: found } : create.firstName(found), facts);
  };
const onServer =
  (verb: string, field: string): Reader =>
  (fields, facts) => {
    roles.readServerObject(verb, textOf(fields[field]), facts);
  };
const query =
  (verb: string): Reader =>
  (_fields, facts) => {
    facts.verb = verb;
  };

/** By the kind of the statement. One that is not here is hidden: nothing is known of it. */
const readers: Record<string, Reader> = {
  TransactionStmt(fields, facts) {
    const verb = textOf(fields['kind'])
      .replace('TRANS_STMT_', '')
      .replaceAll('_', ' ')
      .replace('ROLLBACK TO', 'ROLLBACK');
    facts.verb = { START: 'START TRANSACTION', PREPARE: 'PREPARE TRANSACTION' }[verb] ?? verb;
    facts.refusal = ownTransaction(facts.verb);
  },
  SelectStmt: query('SELECT'),
  InsertStmt: query('INSERT'),
  UpdateStmt: query('UPDATE'),
  DeleteStmt: query('DELETE'),
  MergeStmt: query('MERGE'),
  ReturnStmt: query('RETURN'),
  ExplainStmt: query('EXPLAIN'),
  DeclareCursorStmt: query('DECLARE'),
  PrepareStmt: query('PREPARE'),
  FetchStmt: nothing('FETCH'),
  ClosePortalStmt: nothing('CLOSE'),
  VariableShowStmt: nothing('SHOW'),
  ListenStmt: nothing('LISTEN'),
  UnlistenStmt: nothing('UNLISTEN'),
  NotifyStmt: nothing('NOTIFY'),
  LockStmt: nothing('LOCK'),
  CheckPointStmt: nothing('CHECKPOINT'),
  DeallocateStmt: nothing('DEALLOCATE'),
  ConstraintsSetStmt: nothing('SET CONSTRAINTS'),
  CommentStmt: nothing('COMMENT'),
  SecLabelStmt: nothing('SECURITY LABEL'),
  DiscardStmt(_fields, facts) {
    facts.verb = 'DISCARD';
    facts.movesSearchPath = true;
  },
  VariableSetStmt: readSet,
  ExecuteStmt: hides('EXECUTE', 'it runs a prepared statement'),
  CallStmt(fields, facts) {
    const name = nameOf(fieldsOf(fields['funccall'])['funcname']);
    facts.verb = 'CALL';
    if (name !== undefined) facts.calls.push(objectKey(name, 'function'));
  },
  LoadStmt: hides('LOAD', 'it loads a library into the server'),
  DoStmt: (fields, facts, text, bodies) => {
    readDo(fields, text, facts, bodies);
  },
  CreateFunctionStmt: (fields, facts, text, bodies) => {
    readFunction(fields, text, facts, bodies);
  },
  CreateStmt: (fields, facts) => {
    create.readCreateTable(fields, facts);
  },
  CreateForeignTableStmt: (fields, facts) => {
    create.readCreateTable(fields, facts, 'TABLE');
  },
  CreateTableAsStmt(fields, facts) {
    const into = fields['into'] as SqlFields | undefined;
    const type = fields['objtype'] === 'OBJECT_MATVIEW' ? 'MATERIALIZED VIEW' : 'TABLE';
    create.readNewTable(fields, facts, type, tableOf(into?.['rel']));
  },
  ViewStmt: (fields, facts) => {
    create.readNewTable(fields, facts, 'VIEW', tableOf(fields['view']));
  },
  CreateSeqStmt: (fields, facts) => {
    create.readNewTable(fields, facts, 'SEQUENCE', tableOf(fields['sequence']));
  },
  IndexStmt: create.readIndex,
  CreateTrigStmt: (fields, facts) => {
    create.readPart(fields, facts, 'trigger');
  },
  CreatePolicyStmt: (fields, facts) => {
    create.readPart(fields, facts, 'policy');
  },
  RuleStmt: (fields, facts) => {
    create.readPart(fields, facts, 'rule');
  },
  CreateStatsStmt: create.readStatistics,
  CreateCastStmt: create.readCast,
  DefineStmt: create.readDefinition,
  CreateEnumStmt: makes('type', (fields) => fields['typeName']),
  CompositeTypeStmt: makes('type', (fields) => ({ RangeVar: fields['typevar'] })),
  CreateRangeStmt: makes('type', (fields) => fields['typeName']),
  CreateDomainStmt: makes('domain', (fields) => fields['domainname']),
  CreateSchemaStmt: makes('schema', (fields) => textOf(fields['schemaname'])),
  CreateExtensionStmt: makes('extension', (fields) => textOf(fields['extname'])),
  CreateConversionStmt: makes('conversion', (fields) => fields['conversion_name']),
  CreateOpClassStmt: makes('operator class', (fields) => fields['opclassname']),
  CreateOpFamilyStmt: makes('operator family', (fields) => fields['opfamilyname']),
  CreatePLangStmt: makes('language', (fields) => textOf(fields['plname'])),
  CreateAmStmt: makes('access method', (fields) => textOf(fields['amname'])),
  CreateFdwStmt: makes('foreign data wrapper', (fields) => textOf(fields['fdwname'])),
  CreateForeignServerStmt: makes('server', (fields) => textOf(fields['servername'])),
  CreateUserMappingStmt: alters('SERVER', (fields) => textOf(fields['servername'])),
  CreateTransformStmt: makes('transform', () => undefined),
  ImportForeignSchemaStmt: makes('foreign tables', () => undefined),
  CreatePublicationStmt(fields, facts) {
    create.readNewObject(facts, 'publication', { name: textOf(fields['pubname']) });
    for (const table of objects.publishedTables(fields)) facts.effects.push({ how: 'adds', action: facts.verb, table });
    for (const schema of objects.publishedSchemas(fields))
      facts.effects.push({ how: 'adds', action: facts.verb, wide: { schema } });
    if (fields['for_all_tables'] === true) facts.effects.push({ how: 'adds', action: facts.verb, wide: 'database' });
  },
  CreateEventTrigStmt: everything('CREATE EVENT TRIGGER', 'changes'),
  AlterEventTrigStmt: everything('ALTER EVENT TRIGGER', 'changes'),
  AlterTableStmt: readAlterTable,
  AlterTableMoveAllStmt: everything('ALTER TABLE ALL', 'changes'),
  RenameStmt: objects.readRename,
  AlterOwnerStmt: (fields, facts) => {
    objects.readOwnerOrSchema(fields, facts, 'OWNER TO');
  },
  AlterObjectSchemaStmt: (fields, facts) => {
    objects.readOwnerOrSchema(fields, facts, 'SET SCHEMA');
  },
  AlterEnumStmt: objects.readEnum,
  AlterDomainStmt: objects.readDomain,
  AlterTypeStmt: alters('TYPE', (fields) => fields['typeName']),
  AlterCollationStmt: alters('COLLATION', (fields) => fields['collname']),
  AlterExtensionStmt: alters('EXTENSION', (fields) => textOf(fields['extname'])),
  AlterExtensionContentsStmt: objects.readExtensionContents,
  AlterPublicationStmt: objects.readPublication,
  AlterForeignServerStmt: alters('SERVER', (fields) => textOf(fields['servername'])),
  AlterFdwStmt: alters('FOREIGN DATA WRAPPER', (fields) => textOf(fields['fdwname'])),
  AlterUserMappingStmt: alters('SERVER', (fields) => textOf(fields['servername'])),
  DropUserMappingStmt: alters('SERVER', (fields) => textOf(fields['servername'])),
  AlterFunctionStmt: alters('FUNCTION', (fields) => ({ ObjectWithArgs: fields['func'] })),
  AlterOperatorStmt: alters('OPERATOR', (fields) => ({ ObjectWithArgs: fields['opername'] })),
  AlterOpFamilyStmt: alters('OPERATOR FAMILY', (fields) => fields['opfamilyname']),
  AlterTSConfigurationStmt: alters('TEXT SEARCH CONFIGURATION', (fields) => fields['cfgname']),
  AlterTSDictionaryStmt: alters('TEXT SEARCH DICTIONARY', (fields) => fields['dictname']),
  AlterStatsStmt: alters('STATISTICS', (fields) => fields['defnames']),
  AlterObjectDependsStmt: objects.readDepends,
  AlterPolicyStmt: maintain.readAlterPolicy,
  AlterSeqStmt: maintain.readSequence,
  AlterDefaultPrivilegesStmt: nothing('ALTER DEFAULT PRIVILEGES'),
  DropStmt: readDrop,
  DropOwnedStmt: everything('DROP OWNED', 'discards'),
  ReassignOwnedStmt: everything('REASSIGN OWNED', 'changes'),
  TruncateStmt: maintain.readTruncate,
  CopyStmt: maintain.readCopy,
  RefreshMatViewStmt: maintain.readRefresh,
  ClusterStmt: maintain.readCluster,
  VacuumStmt: maintain.readVacuum,
  ReindexStmt: maintain.readReindex,
  GrantStmt: roles.readGrant,
  GrantRoleStmt: roles.readGrantRole,
  CreateRoleStmt: roles.readCreateRole,
  AlterRoleStmt: roles.readAlterRole,
  AlterRoleSetStmt: roles.readAlterRoleSet,
  DropRoleStmt: roles.readDropRole,
  AlterDatabaseSetStmt: roles.readAlterDatabaseSet,
  AlterDatabaseStmt: roles.readAlterDatabase,
  AlterDatabaseRefreshCollStmt: onServer('ALTER DATABASE', 'dbname'),
  AlterSystemStmt: onServer('ALTER SYSTEM', ''),
  CreatedbStmt: onServer('CREATE DATABASE', 'dbname'),
  DropdbStmt: onServer('DROP DATABASE', 'dbname'),
  CreateTableSpaceStmt: onServer('CREATE TABLESPACE', 'tablespacename'),
  DropTableSpaceStmt: onServer('DROP TABLESPACE', 'tablespacename'),
  AlterTableSpaceOptionsStmt: onServer('ALTER TABLESPACE', 'tablespacename'),
  CreateSubscriptionStmt: (fields, facts) => {
    maintain.readSubscription(fields, facts, 'CREATE SUBSCRIPTION');
  },
  AlterSubscriptionStmt: (fields, facts) => {
    maintain.readSubscription(fields, facts, 'ALTER SUBSCRIPTION');
  },
  DropSubscriptionStmt: (fields, facts) => {
    maintain.readSubscription(fields, facts, 'DROP SUBSCRIPTION');
  },
};

/** Kinds that only define what runs later: a function that they name is not called now. */
const onlyDefine = new Set(['CreateFunctionStmt', 'CreateTrigStmt', 'CreatePolicyStmt', 'RuleStmt', 'ViewStmt', 'CreateStmt', 'CreateDomainStmt', 'CommentStmt', 'AlterPolicyStmt', 'CreateForeignTableStmt', 'CreateEventTrigStmt']); // prettier-ignore

/** Reads a statement by its kind. Returns whether functions in it are called when it runs. */
export function readStatementKind(
  { kind, fields }: ParsedStatement,
  text: string,
  facts: SqlFacts,
  bodies: BodyReader,
): boolean {
  const reader = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (reader === undefined) facts.hidden = `\`${facts.verb}\` is no statement that Switchback knows`;
  else reader(fields, facts, text, bodies);
  if (kind === 'CreateFunctionStmt') return false;
  // What a rule does is done in place of the application's statements, and judged as the rule that it is.
  if (kind !== 'RuleStmt') readRowChanges({ [kind]: fields }, facts);
  if (kind !== 'AlterExtensionContentsStmt') create.readReferences({ [kind]: fields }, facts);
  return !onlyDefine.has(kind);
}
