import type { ProtectedResource } from '../compiled-plan.ts';

export interface PathFinding {
  severity: 'error' | 'warning';
  message: string;
  hint: string;
}

const isGlob = (path: string) => /[*?[]/.test(path);

function tidy(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Whether a glob, or a folder, can stand for the path or for something in it. Rather too often than not often enough. */
export function pathReaches(pattern: string, path: string): boolean {
  const from = tidy(pattern).split('/');
  const to = tidy(path).split('/');
  if (from.length === 1 && from[0] === '') return true;
  for (let index = 0; index < Math.max(from.length, to.length); index++) {
    const glob = from[index];
    const name = to[index];
    // The pattern is a folder above the path, or the path a folder above the pattern.
    if (glob === undefined || name === undefined) return true;
    if (glob.includes('**')) return true;
    if (!isGlob(glob) && !isGlob(name)) {
      if (glob !== name) return false;
    } else if (!isGlob(name)) {
      const pieces = glob.split(/\[[^\]]*\]|[*?]/).map((piece) => piece.replace(/[.+^${}()|[\]\\]/g, '\\$&'));
      if (!new RegExp(`^${pieces.join('.*')}$`).test(name)) return false;
    }
  }
  return true;
}

/** Refuses a path, or glob, of a step that can reach a protected path, the active files, git's own or Switchback's own. */
export function guardPath(
  path: string,
  protect: readonly ProtectedResource[],
  active: readonly string[] = [],
): PathFinding[] {
  const findings: PathFinding[] = [];
  for (const resource of protect) {
    if (!('path' in resource) || !pathReaches(path, resource.path)) continue;
    findings.push({
      severity: 'error',
      message: `\`${path}\` reaches \`${resource.path}\`, which is protected`,
      hint: 'Name the files that are meant, without the protected one, or take it out of `protect`.',
    });
  }
  for (const own of ['.git', '.switchback']) {
    if (!pathReaches(path, own) || tidy(path) === '' || isGlob(tidy(path).split('/')[0] ?? '')) continue;
    findings.push({
      severity: 'error',
      message: `\`${path}\` is inside ${own}`,
      hint: 'A step changes files of the stack only.',
    });
  }
  for (const file of active) {
    if (!pathReaches(path, file)) continue;
    findings.push({
      severity: 'error',
      message: `\`${path}\` reaches \`${file}\`, the active file that only checkpoints replace`,
      hint: 'Name the files that are meant, or use a `compose` step.',
    });
  }
  return findings;
}
