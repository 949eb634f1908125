import { describeCheck, type Check } from '../checks.ts';
import type { Operation } from '../operations.ts';
import type { Step } from './step.ts';

/** The checks that a rollback ends with. Those that need more than a shell are named, for a person to look. */
export function checksStep(operation: Extract<Operation, { kind: 'runChecks' }>): Step {
  const { checks, withinSeconds, everySeconds, consecutive } = operation.input;
  return {
    kind: 'checks',
    title: operation.summary,
    operation: operation.id,
    set: {
      checks: checks.flatMap(checkWords),
      within: String(withinSeconds),
      every: String(everySeconds),
      consecutive: String(consecutive),
    },
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
