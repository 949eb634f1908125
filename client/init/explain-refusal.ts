import { SwitchbackError } from '../../runbook/errors.ts';
import type { StackFiles } from './find-files.ts';

/** What Compose does not accept, with what to do about the usual reasons. */
export function explainRefusal(files: StackFiles, problem: string): SwitchbackError {
  const names = files.compose.join(' with ');
  return new SwitchbackError('PlanInvalid', `docker compose does not accept ${names}: ${problem}`, {
    hint: hintFor(problem, files.env ?? '.env'),
    facts: { files: names },
  });
}

function hintFor(problem: string, env: string): string {
  const required = /required variable (\w+) is missing/.exec(problem)?.[1];
  if (required !== undefined)
    return `Set ${required} in ${env}: Switchback takes variables from the env file alone, never from a shell.`;
  const file = /(?:env file|open|stat) (\S+?):? (?:not found|no such file)/.exec(problem)?.[1];
  if (file !== undefined) return `Make ${file}, or take what names it out of the Compose file.`;
  const profile = /service "([^"]+)" depends on undefined service/.exec(problem)?.[1];
  if (profile !== undefined) return `Look at \`depends_on\` of ${profile}: files may be missing, which --file adds.`;
  if (/empty compose file|no service selected/i.test(problem)) return 'Name files with services, by --file.';
  return 'Correct it until `docker compose config --quiet` says nothing, then repeat this.';
}

/** Variables that Compose has taken for empty, by what it said. */
export function variablesWithoutValue(said: string): string[] {
  return [...new Set([...said.matchAll(/The \\?"(\w+)\\?" variable is not set/g)].map(([, name = '']) => name))].sort();
}
