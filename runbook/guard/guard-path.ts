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

/** Single characters, `?` for any one and `*` for any text; a class such as `[a-c]` counts as any character. */
function globParts(pattern: string): string[] {
  return [...pattern.replace(/\[[^\]]*\]/g, '?').replace(/\*+/g, '*')];
}

/** How far into a glob one can be after reading a text. Git lets `*` and `?` run over slashes, so they do here. */
function placesAfter(parts: readonly string[], text: string): Set<number> {
  const overStars = (place: number): number[] => (parts[place] === '*' ? [place, ...overStars(place + 1)] : [place]);
  let places = new Set(overStars(0));
  for (const letter of text) {
    const next = new Set<number>();
    for (const place of places) {
      const part = parts[place];
      if (part === '*') for (const further of overStars(place)) next.add(further);
      else if (part === letter || part === '?') for (const further of overStars(place + 1)) next.add(further);
    }
    places = next;
  }
  return places;
}

/** Whether a path, folder or glob can stand for another path, for something in it, or for a folder above it. */
export function pathReaches(pattern: string, path: string): boolean {
  const parts = globParts(tidy(pattern));
  const target = tidy(path);
  if (parts.length === 0 || target === '') return true;
  // Something in the path, where the path is a folder.
  if (placesAfter(parts, `${target}/`).size > 0) return true;
  const folders = target.split('/').map((_, index, names) => names.slice(0, index + 1).join('/'));
  return folders.some((folder) => placesAfter(parts, folder).has(parts.length));
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
    const first = tidy(path).split('/')[0] ?? '';
    // A glob at the top means files of the stack: git itself never lists its own folder.
    if (first !== own && (isGlob(first) || first === '' || !pathReaches(path, own))) continue;
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
