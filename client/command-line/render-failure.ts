import { inspect } from 'node:util';
import { renderNext } from './answer.ts';
import type { Failure } from './failure.ts';
import { renderIssues } from '../plan-file/render-issues.ts';
import { plainStyle, type Page } from '../rendering/style.ts';
import { hang } from '../rendering/table.ts';

/** All mistakes of a plan first, then `switchback: what is wrong`, the hint below it, what to type next, and the stack when asked for. */
export function renderFailure(failure: Failure, page: Page, stackOf?: unknown): string {
  const { style } = page;
  const issues = failure.issues ? [renderIssues(failure.issues, { color: style !== plainStyle }), ''] : [];
  const lines = [...issues, `${style.red('switchback:')} ${hang(failure.message, 2)}`];
  if (failure.hint !== undefined) lines.push(`  ${hang(failure.hint, 2)}`);
  if (failure.next && failure.next.length > 0) lines.push('', ...renderNext(failure.next, page));
  if (stackOf !== undefined) lines.push('', style.dim(inspect(stackOf)));
  return lines.join('\n');
}

/** The one JSON document of a command that failed. */
export const failureDocument = ({ exitCode, ...error }: Failure) => JSON.stringify({ error, exitCode }, null, 2);
