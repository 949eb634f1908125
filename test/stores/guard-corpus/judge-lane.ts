import { loadSqlParser } from '../../../activities/sql/index.ts';
import type { ProtectedResource } from '../../../runbook/compiled-plan.ts';
import { guardSql } from '../../../runbook/guard/index.ts';
import { TestTarget } from '../../real/effect-context.ts';
import type { PostgresServer } from '../postgres-server.ts';
import { applyStatement } from './apply-statement.ts';
import { differences, protectedMeaning, type Meaning } from './protected-meaning.ts';
import type { CorpusEntry } from './read-corpus.ts';

const parser = await loadSqlParser();
const tables = ['public.invoices', 'public.customers', 'public.events*', 'public.documents', 'public.letters', 'public.visits', 'public.remote', 'public.totals', 'public.open_invoices', 'public.sums', 'public.alike', 'public.invoice_no', 'public.countdown', 'lib.*']; // prettier-ignore
export const protect: ProtectedResource[] = [{ store: 'db', tables, allow: 'nothing' }];

export interface Verdict {
  outcome: string;
  /** What became another thing of what is protected, though it was let pass. */
  changed: string[];
  said: string;
}

/** SQL that no text shows: put together when it runs. */
const disguised = (sql: string) =>
  `do $x$ begin execute ${[...sql].map((c) => `chr(${c.codePointAt(0)})`).join('||')}; end $x$`;

/** Tries statements one after the other in a database of its own, which is another one after each that was let pass. */
export class JudgeLane {
  #database = '';
  #target: TestTarget | undefined;
  #ids = 0;

  constructor(
    private readonly name: string,
    private readonly server: PostgresServer,
    private readonly base: Meaning,
    private readonly user: string,
  ) {}

  async run({ text, outside }: CorpusEntry, deep: boolean): Promise<Verdict> {
    const lint = guardSql(text, protect, 'db', { transactional: !outside }, parser).filter(
      ({ severity }) => severity === 'error',
    );
    if (lint.length === 0) return this.#tried(text, outside);
    const said = lint.map(({ message }) => message).join('; ');
    const hidden = parser.parse(text).statements.map(({ start, end }) => disguised(text.slice(start, end)));
    if (!deep || outside || hidden.length === 0) return { outcome: 'refused', changed: [], said };
    const inDisguise = await this.#tried(hidden.join('; '), false);
    return { ...inDisguise, outcome: 'refused', said: `${said} | ${inDisguise.outcome} ${inDisguise.said}` };
  }

  async #tried(text: string, outside: boolean): Promise<Verdict> {
    const { outcome, said } = await this.#apply(text, !outside);
    return { outcome, said, changed: outcome === 'allowed' || outside ? await this.judged() : [] };
  }

  async #apply(statement: string, transactional: boolean): Promise<{ outcome: string; said: string }> {
    this.#target ??= await this.#fresh();
    return applyStatement(this.#target, `${this.name}/apply/${(this.#ids += 1)}-applySql`, statement, transactional);
  }

  async #fresh(): Promise<TestTarget> {
    this.#database = await this.server.database('base');
    await this.server.run('postgres', `alter database ${this.#database} owner to ${this.user}`);
    return TestTarget.make({
      project: 'books',
      stores: { db: { kind: 'postgres', url: '${env:DB_URL}' } },
      secrets: { DB_URL: this.server.url(this.#database, this.user) },
      protect,
    });
  }

  /** What is another thing than in the beginning. */
  async judged(): Promise<string[]> {
    if (this.#target === undefined) return [];
    const changed = differences(this.base, await protectedMeaning(this.server, this.#database));
    await this.#target.remove();
    this.#target = undefined;
    return changed;
  }
}
