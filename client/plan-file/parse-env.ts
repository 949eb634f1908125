import { brokenEnvLine } from '../../runbook/masking/env-text.ts';
import { isSecretKey, type FileProblem } from '../../runbook/plan/index.ts';
import { steeringOf } from '../../runbook/steering.ts';

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
    const steering = steeringOf(name);
    if (steering === undefined) continue;
    const start = match.index + match[0].indexOf(name);
    problems.push({
      severity: steering === 'steers' ? 'error' : 'warning',
      start,
      end: start + name.length,
      ...(steering === 'steers'
        ? {
            message: `\`${name}\` would change what Compose does behind the plan's back`,
            hint: 'Remove it: the engine, the project and its files are named by the worker and the plan.',
          }
        : {
            message: `\`${name}\` says nothing here`,
            hint: 'The plan says project, file and profiles, under `stack`; this line holds for Compose by hand alone.',
          }),
    });
  }
  const broken = brokenEnvLine(text);
  if (broken)
    problems.push({
      severity: 'error',
      ...{ start: broken.start, end: broken.end },
      message: `this line has ${broken.problem}: Compose cannot read the file`,
      hint: 'What stands there is not shown, since it may be a secret.',
    });
  return { names, ports, problems };
}
