import type { ProtectedResource } from '../compiled-plan.ts';
import { readSql } from './read-sql.ts';
import { isMade, showName, type SqlEffect, type SqlFacts } from './sql-facts.ts';
import type { SqlParser } from './sql-parser.ts';
import { protectedTables, splitPattern, tableMatches, type ProtectedTables } from './table-pattern.ts';

/** Something that a guard refuses, or wants seen. Offsets are in the text that it was given, in characters. */
export interface GuardFinding {
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
  start: number;
  end: number;
  /** The protected resource, as the plan writes it. */
  resource?: string;
}

export interface GuardSqlOptions {
  /** Whether all of it runs in one transaction. */
  transactional: boolean;
  /** Objects that the plan itself makes before this script runs: they are not what the plan protects. */
  made?: ReadonlySet<string>;
}

/**
 * Reads a script and refuses what would touch protected tables, control the transaction, or reach outside SQL.
 * It refuses by what it can read; what hides in functions and dynamic SQL is for the comparison inside the transaction.
 */
export function guardSql(
  text: string,
  protect: readonly ProtectedResource[],
  store: string,
  options: GuardSqlOptions,
  parser: SqlParser,
): GuardFinding[] {
  const rules = protectedTables(protect, store);
  const made = new Set(options.made);
  const findings: GuardFinding[] = [];
  let moved = false;
  for (const facts of readSql(text, parser)) {
    const place = { start: facts.start, end: facts.end };
    if (facts.refusal) findings.push({ severity: 'error', ...facts.refusal, ...place });
    const transaction = aboutTransaction(facts, options.transactional);
    if (transaction) findings.push({ ...transaction, ...place });
    if (rules.length > 0 && facts.hidden !== undefined) {
      findings.push({
        severity: 'warning',
        message: `${facts.verb} may touch protected tables: ${facts.hidden}`,
        hint: 'The worker compares the protected tables inside the transaction and aborts when one has changed.',
        ...place,
      });
    }
    for (const effect of facts.effects) {
      const found = judge(effect, rules, made, moved, store);
      if (found) findings.push({ ...found, ...place });
    }
    for (const key of facts.makes) made.add(key);
    moved ||= facts.movesSearchPath;
  }
  return findings;
}

/** A statement in a step of the wrong sort: with a transaction that it cannot have, or without the one that would guard it. */
function aboutTransaction(
  { verb, alone, harmlessOutside, refusal, hidden }: SqlFacts,
  transactional: boolean,
): Omit<GuardFinding, 'start' | 'end'> | undefined {
  if (refusal !== undefined) return undefined;
  if (alone && !harmlessOutside) {
    return {
      severity: 'error',
      message: `${verb} cannot run inside a transaction, and without one nothing would guard it`,
      hint: 'Do it by hand before the migration, or in a `run` step.',
    };
  }
  if (alone && transactional) {
    return {
      severity: 'error',
      message: `${verb} cannot run inside a transaction`,
      hint: 'Put it into a step of its own with `transaction: false` and a `proof`.',
    };
  }
  if (transactional) return undefined;
  if (harmlessOutside && hidden !== undefined) {
    return {
      severity: 'error',
      message: `${verb} would run without a transaction, and ${hidden}`,
      hint: 'Only what surely touches no row runs without one; do it by hand before the migration.',
    };
  }
  if (harmlessOutside) return undefined;
  return {
    severity: 'error',
    message: `${verb} would run without a transaction`,
    hint: 'Move it into a step with a transaction; only what cannot have one goes without.',
  };
}

function judge(
  effect: SqlEffect,
  rules: ProtectedTables[],
  made: ReadonlySet<string>,
  moved: boolean,
  store: string,
): Omit<GuardFinding, 'start' | 'end'> | undefined {
  const { table, wide } = effect;
  if (isOurs(effect)) {
    return {
      severity: 'error',
      message: `${effect.action} reaches the schema switchback, the record of what was applied here`,
      hint: 'Leave it alone: without it, no step can be taken back, and what is protected is not known.',
    };
  }
  if (table !== undefined) {
    if (isMade(effect, made)) return undefined;
    const matching = matchingRules(rules, (pattern) => tableMatches(pattern, table, moved));
    const [first] = matching;
    if (first === undefined) return undefined;
    const resource = `${store}: ${first.pattern}`;
    if (table.name.includes('%')) {
      return {
        severity: 'warning',
        message: `${effect.action} on a table whose name is put in when it runs may touch protected tables`,
        hint: 'The worker compares the protected tables inside the transaction and aborts when one has changed.',
        resource,
      };
    }
    // One rule that allows nothing is enough, whatever another allows.
    const strict = matching.find(({ rule }) => rule.allow === 'nothing');
    if (effect.how === 'adds') {
      if (strict === undefined) return undefined;
      return {
        severity: 'error',
        message: `${effect.action} on ${showName(table)}, which is protected (${store}: ${strict.pattern})`,
        hint: 'Additive changes need `allow: expand` at this entry of `protect`.',
        resource: `${store}: ${strict.pattern}`,
      };
    }
    return {
      severity: 'error',
      message: `${effect.action} on ${showName(table)}, which is protected (${store}: ${first.pattern})`,
      hint: hintFor(effect),
      resource,
    };
  }
  if (effect.meaning !== undefined) {
    const [rule] = rules;
    const pattern = rule?.tables[0];
    if (pattern === undefined || isMade(effect, made)) return undefined;
    return {
      severity: 'error',
      message: `${effect.action} changes ${effect.meaning}, and ${store}: ${pattern} is protected`,
      hint: 'What rows of a protected table hold and mean must stay, and the text does not tell what they are made of. Add something new beside it.',
      resource: `${store}: ${pattern}`,
    };
  }
  if (
    wide === undefined ||
    isMade(effect, made) ||
    (effect.how === 'adds' && rules.every(({ allow }) => allow === 'expand'))
  )
    return undefined;
  const reached = matchingRules(
    rules,
    (pattern) =>
      typeof wide === 'string' ||
      tableMatches(`${splitPattern(pattern).schema}.*`, { schema: wide.schema, name: 'x' }, false),
  );
  const [first] = reached;
  if (first === undefined) return undefined;
  const where =
    typeof wide === 'string'
      ? { database: 'the whole database', dependents: 'everything that depends on it' }[wide]
      : `everything in the schema ${wide.schema}`;
  return {
    severity: 'error',
    message: `${effect.action} reaches ${where}, and ${store}: ${first.pattern} is protected`,
    hint:
      wide === 'dependents'
        ? 'Leave out CASCADE and name what is meant.'
        : 'Name the objects that are meant, one by one.',
    resource: `${store}: ${first.pattern}`,
  };
}

/** The ledger is protected in every plan. */
function isOurs({ table, wide, part }: SqlEffect): boolean {
  if (typeof wide === 'object' && wide.schema === 'switchback') return true;
  return table?.schema === 'switchback' || part === 'schema public.switchback' || / switchback\./.test(part ?? '');
}

function matchingRules(rules: ProtectedTables[], matches: (pattern: string) => boolean) {
  return rules.flatMap((rule) => rule.tables.filter(matches).map((pattern) => ({ rule, pattern })));
}

function hintFor(effect: SqlEffect): string {
  switch (effect.how) {
    case 'writes':
      return 'Steps never write rows of protected tables; write into a new table, or take the table out of `protect`.';
    case 'discards':
      return 'Nothing of a protected table is ever discarded; remove the statement, or take the table out of `protect`.';
    default:
      return 'A protected table is never changed, only added to; remove the statement, or take the table out of `protect`.';
  }
}
