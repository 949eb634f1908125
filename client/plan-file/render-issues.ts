import type { PlanIssue } from './plan-issue.ts';

const codes = { error: '1;31', warning: '1;33', place: '1', dim: '2', hint: '36' };

/** Issues as text for a terminal: place, what is wrong, frame, hint; and a count at the end. */
export function renderIssues(issues: readonly PlanIssue[], { color }: { color: boolean }): string {
  const paint = (style: keyof typeof codes, text: string) => (color ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
  const blocks = issues.map((issue) => {
    const label = issue.severity === 'error' ? paint('error', 'error') : paint('warning', 'warning');
    const where = `${issue.file}:${issue.line}:${issue.column}`;
    const path = issue.path === '' ? '' : ` ${paint('dim', `(${issue.path})`)}`;
    return [
      `${paint('place', where)} ${label}: ${issue.message}${path}`,
      ...(issue.frame === undefined || issue.frame === '' ? [] : [issue.frame.replace(/^/gm, '  ')]),
      ...(issue.hint === undefined ? [] : [`  ${paint('hint', 'hint:')} ${issue.hint}`]),
    ].join('\n');
  });
  return issues.length === 0 ? '' : [...blocks, summary(issues)].join('\n\n');
}

function summary(issues: readonly PlanIssue[]): string {
  const count = (severity: PlanIssue['severity']) => issues.filter((issue) => issue.severity === severity).length;
  const say = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const [errors, warnings] = [count('error'), count('warning')];
  return [
    ...(errors > 0 || warnings === 0 ? [say(errors, 'error')] : []),
    ...(warnings > 0 ? [say(warnings, 'warning')] : []),
  ].join(', ');
}
