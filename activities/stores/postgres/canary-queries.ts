import type { CanaryQuery } from '../../../runbook/stores/postgres.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { Session } from './session.ts';

/** What the plan's queries gave at the moment of a backup. It stands in the manifest, which is no place for secrets. */
export type CanaryAnswers = {
  /** In which names were looked up: a setting of the database or the user, which a scratch database does not have. */
  searchPath: string;
  /** In the plan's order. A value is text as the server writes it, or null. */
  answers: (CanaryQuery & { value: string | null })[];
};

/** A manifest is read whole, and shown to people. */
const longestValue = 1000;

/**
 * Asks queries in the current transaction, which may only read.
 * @throws `PlanInvalid` that names the query which fails, or does not give a single value of at most 1000 characters
 */
export async function askCanary(session: Session, queries: readonly CanaryQuery[]): Promise<CanaryAnswers> {
  const { path } = await session.row(`select pg_catalog.current_setting('search_path') as path`);
  const answers: CanaryAnswers['answers'] = [];
  for (const asked of queries) {
    const value = await ask(session, asked).catch((error: unknown) => {
      if (!isOfTheQuery(error)) throw error;
      throw new SwitchbackError('PlanInvalid', `${nameOf(asked)} fails: ${error.message}`, {
        hint: 'Correct it in the plan; it runs with the rights of the store’s user, in a transaction that may only read.',
        facts: error.facts,
      });
    });
    answers.push({ ...asked, value });
  }
  return { searchPath: path ?? '', answers };
}

/** Asks again, in the current transaction, and compares exactly. Returns what differs, one line each, with both values. */
export async function differentAnswers(session: Session, then: CanaryAnswers): Promise<string[]> {
  await session.row(`select pg_catalog.set_config('search_path', $1, true) as path`, [then.searchPath]);
  const wrong: string[] = [];
  for (const asked of then.answers) {
    await session.execute('savepoint canary');
    try {
      const value = await ask(session, asked);
      if (value !== asked.value)
        wrong.push(`${nameOf(asked)} gave ${show(asked.value)} then and gives ${show(value)} now`);
    } catch (error) {
      if (!isOfTheQuery(error)) throw error;
      await session.execute('rollback to savepoint canary');
      wrong.push(`${nameOf(asked)} gave ${show(asked.value)} then and fails now: ${error.message}`);
    }
  }
  return wrong;
}

async function ask(session: Session, asked: CanaryQuery): Promise<string | null> {
  const { columns, rows } = await session.table(asked.query.replace(/[\s;]+$/, ''));
  const value = rows[0]?.[0] ?? null;
  if (rows.length !== 1 || columns.length !== 1) {
    throw new SwitchbackError(
      'PlanInvalid',
      `${nameOf(asked)} gives ${rows.length} rows of ${columns.length} columns, not one value`,
      { hint: 'Write a query with a single value, e.g. select count(*) from orders.' },
    );
  }
  if (value !== null && value.length > longestValue) {
    throw new SwitchbackError('PlanInvalid', `${nameOf(asked)} gives ${value.length} characters`, {
      hint: `The value is kept in the manifest: at most ${longestValue} characters. Ask for its md5().`,
    });
  }
  return value;
}

/** Whether the server refused the query itself, and did not merely fail to answer: syntax, names, data, what only reads. */
const isOfTheQuery = (error: unknown): error is SwitchbackError =>
  error instanceof SwitchbackError && /^(22|25006|2F|38|39|42|P0)/.test(String(error.facts['code'] ?? ''));

const show = (value: string | null) => (value === null ? 'null' : value === '' ? "''" : value);

/** For messages: the title, else the query in one line. */
function nameOf({ title, query }: CanaryQuery): string {
  const line = query.trim().replace(/\s+/g, ' ');
  return `canary query "${title ?? (line.length > 100 ? `${line.slice(0, 99)}…` : line)}"`;
}
