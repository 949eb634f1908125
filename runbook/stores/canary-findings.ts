import { changingWords, notOneQuery, type SqlParser } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';

/** Canary queries that do more than read, and those whose value a restore could not bring back. */
export const canaryFindings = (canary: readonly { query: string }[], path: PlanPath, sql: SqlParser): Finding[] =>
  canary.flatMap(({ query }, index): Finding[] => {
    const at = [...path, 'canary', index, 'query'];
    const wrong = notOneQuery(query, sql);
    if (wrong !== undefined) {
      return [
        {
          path: at,
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
        path: at,
        severity: 'warning',
        message: `the query gives another value at another time or place: ${changing.join(', ')}`,
        hint: 'What is restored is asked the same query later, and must answer the same; compare with fixed moments.',
      },
    ];
  });
