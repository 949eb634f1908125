import { describeCheck, type Check } from '../checks.ts';
import type { OperationInputs } from '../operations/operation.ts';
import type { Step } from './step.ts';

/** What a script knows of checks that a rollback ends with. Those that need more than a shell are named, for a person to look. */
export function checksSet(input: OperationInputs['runChecks']): Step['set'] {
  const { checks, withinSeconds, everySeconds, consecutive } = input;
  return {
    checks: checks.flatMap(checkWords),
    within: String(withinSeconds),
    every: String(everySeconds),
    consecutive: String(consecutive),
  };
}

/** A word for the kind, and four for what it needs. */
function checkWords(check: Check): string[] {
  if (check.kind === 'services') return ['services', String(check.count), check.healthy ? 'healthy' : '', '', ''];
  const plainBody = check.kind === 'http' && !/^\/(.+)\/([a-z]*)$/s.test(check.body ?? '');
  if (check.kind === 'http' && plainBody && /^http:\/\/[\w.-]+(:\d+)?([/?][\x21-\x7e]*)?$/.test(check.url))
    return ['http', check.method ?? 'GET', check.url, `${check.status}/${check.underMs / 1000}`, check.body ?? ''];
  return ['unmade', describeCheck(check), '', '', ''];
}
