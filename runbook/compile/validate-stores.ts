import { changingWords, notOneQuery } from '../guard/index.ts';
import type { Finding } from '../plan/index.ts';
import type { Scope } from './validate.ts';

/** Canary queries that do more than read, and those whose value a restore could not bring back. */
export function validateStores({ plan, frame: { sql } }: Scope): Finding[] {
  return Object.entries(plan.stores).flatMap(([name, { canary = [] }]) =>
    canary.flatMap(({ query }, index): Finding[] => {
      const path = ['stores', name, 'canary', index, 'query'];
      const wrong = notOneQuery(query, sql);
      if (wrong !== undefined) {
        return [
          {
            path,
            severity: 'error',
            message: `the query ${wrong}`,
            hint: 'A canary runs one query that only reads, and gives a single value.',
          },
        ];
      }
      const changing = changingWords(query, sql);
      if (changing.length === 0) return [];
      return [
        {
          path,
          severity: 'warning',
          message: `the query gives another value at another time or place: ${changing.join(', ')}`,
          hint: 'What is restored is asked the same query later, and must answer the same; compare with fixed moments.',
        },
      ];
    }),
  );
}
