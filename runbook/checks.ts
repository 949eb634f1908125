/** What is measured, and the four answers a measurement can have. */

export type Check =
  | { kind: 'services'; count: number; healthy: boolean }
  | { kind: 'http'; url: string; method?: string; status: number; body?: string; underMs: number }
  | { kind: 'sql'; store: string; query: string; expect: string }
  | { kind: 'run'; service: string; argv: string[]; exitCode: number; timeoutSeconds: number };

export interface Trigger {
  /** So many failed samples in a row fire the trigger. */
  healthFailures: number;
  decide: 'freeze' | 'quick' | 'full' | 'emergency' | 'assess';
}

/** `error` is not `failed`: the measurement could not be taken. `inconclusive` pauses for a person. */
export type Verdict = 'successful' | 'failed' | 'error' | 'inconclusive';

export interface CheckResult {
  /** One line in the operator's words, e.g. `GET http://127.0.0.1:8090/health`. */
  check: string;
  verdict: Verdict;
  /** What was found, against what was expected. */
  detail: string;
  /** How long the measurement took, in milliseconds. */
  tookMs: number;
}

/** On one line, and short: a command may hold a whole script, a query a page. */
function brief(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= 100 ? flat : `${flat.slice(0, 99)}…`;
}

/** One line that names a check for people. */
export function describeCheck(check: Check): string {
  switch (check.kind) {
    case 'services':
      return `exactly ${check.count} services${check.healthy ? ', all healthy' : ''}`;
    case 'http':
      return `${check.method ?? 'GET'} ${check.url} answers ${check.status} in under ${check.underMs} ms`;
    case 'sql':
      return `${check.store}: ${brief(check.query)} gives ${check.expect}`;
    case 'run':
      return `${brief(check.argv.join(' '))} in ${check.service} exits ${check.exitCode}`;
  }
}

/** The verdict of several checks together: any failure fails, then any error, then any doubt. */
export function overallVerdict(results: readonly CheckResult[]): Verdict {
  for (const verdict of ['failed', 'error', 'inconclusive'] as const) {
    if (results.some((result) => result.verdict === verdict)) return verdict;
  }
  return results.length === 0 ? 'inconclusive' : 'successful';
}

/** From what only asks a person to what takes back most. */
const severity: readonly Trigger['decide'][] = ['assess', 'freeze', 'quick', 'full', 'emergency'];

/** The trigger that fires after so many failed samples in a row: of several whose count is reached, the one that takes back most. */
export function firedTrigger(triggers: readonly Trigger[], failedInRow: number): Trigger | undefined {
  const reached = triggers.filter(({ healthFailures }) => healthFailures <= failedInRow);
  return reached.toSorted((a, b) => severity.indexOf(b.decide) - severity.indexOf(a.decide))[0];
}
