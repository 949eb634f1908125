import { isSecretKey, type FileProblem } from '../../runbook/plan/index.ts';

/**
 * The names that an env file sets, those of them that are ports, and what is wrong with it. Other values are secrets until
 * proven otherwise, and go nowhere.
 */
export function parseEnv(text: string): { names: string[]; ports: Record<string, number>; problems: FileProblem[] } {
  const names: string[] = [];
  const ports: Record<string, number> = {};
  const problems: FileProblem[] = [];
  const pattern = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:]/gm;
  for (const match of text.matchAll(pattern)) {
    const name = match[1] ?? '';
    names.push(name);
    const value = /^[ \t]*(["']?)(\d{1,5})\1[ \t]*(?:#.*)?\r?(?:\n|$)/.exec(
      text.slice(match.index + match[0].length, match.index + match[0].length + 200),
    )?.[2];
    if (value !== undefined && Number(value) <= 65_535 && /port/i.test(name) && !isSecretKey(name))
      ports[name] = Number(value);
    if (!name.startsWith('COMPOSE_')) continue;
    const start = match.index + match[0].indexOf(name);
    problems.push({
      severity: 'error',
      start,
      end: start + name.length,
      message: `\`${name}\` would change what Compose does behind the plan's back`,
      hint: 'Remove it: project, files and profiles are said in the plan.',
    });
  }
  return { names, ports, problems };
}
