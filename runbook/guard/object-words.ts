const words: Record<string, string> = {
  MATVIEW: 'MATERIALIZED VIEW',
  TABCONSTRAINT: 'CONSTRAINT',
  DOMCONSTRAINT: 'CONSTRAINT',
  LARGEOBJECT: 'LARGE OBJECT',
  OPCLASS: 'OPERATOR CLASS',
  OPFAMILY: 'OPERATOR FAMILY',
  STATISTIC_EXT: 'STATISTICS',
  TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
  TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
  TSPARSER: 'TEXT SEARCH PARSER',
  TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
  FDW: 'FOREIGN DATA WRAPPER',
  FOREIGN_SERVER: 'SERVER',
};

/** The words of SQL for a kind of object in the parse tree: `OBJECT_MATVIEW` is `MATERIALIZED VIEW`. */
export function objectWords(type: unknown): string {
  const bare = typeof type === 'string' ? type.replace(/^OBJECT_/, '') : '';
  return words[bare] ?? bare.replaceAll('_', ' ');
}

/** The words of an action on a table: `AT_DropConstraint` is `DROP CONSTRAINT`. */
export function actionWords(subtype: unknown): string {
  const bare = typeof subtype === 'string' ? subtype.replace(/^AT_/, '') : '';
  const spaced = bare.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
  return (
    { 'CHANGE OWNER': 'OWNER TO', 'DISABLE TRIG ALL': 'DISABLE TRIGGER ALL', 'DISABLE TRIG': 'DISABLE TRIGGER' }[
      spaced
    ] ?? spaced.replace(/\bTRIG\b/, 'TRIGGER')
  );
}
