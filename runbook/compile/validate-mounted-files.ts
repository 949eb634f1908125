import type { ComposeMount, Finding, PlanPath } from '../plan/index.ts';
import { tidyPath } from '../plan/place.ts';
import type { Scope } from './scope.ts';

/**
 * A container that mounts a file by itself keeps the one that was there when it started. A phase that restores such a file and has no
 * checkpoint leaves its services with what they had.
 */
export function validateMountedFiles({ placed }: Scope): Finding[] {
  return placed.flatMap(({ phase, steps, final, dual, after }): Finding[] => {
    const services = Object.values(after.facts?.services ?? {});
    if (phase.checkpoint !== undefined || final !== undefined || dual !== undefined) return [];
    return steps.flatMap(({ step, context }): Finding[] => {
      if (!('files' in step)) return [];
      return step.files.flatMap((path, index): Finding[] => {
        const readers = services.filter(({ mounts }) => mounts.some((mount) => isWithin(mount, tidyPath(path))));
        if (readers.length === 0) return [];
        const names = readers.map(({ name }) => `\`${name}\``).join(', ');
        const at: PlanPath = [...context.path, 'files', index];
        return [
          {
            path: at,
            severity: 'warning',
            message: `${names} mounts what this restores as a single file, and this phase has no checkpoint: its container goes on reading the old one`,
            hint: 'Give the phase a `checkpoint`, which recreates services whose mounted files differ, or mount the folder.',
          },
        ];
      });
    });
  });
}

/** Whether a mount is of a file that a path, folder or glob stands for. */
function isWithin({ type, source }: ComposeMount, path: string): boolean {
  if (type !== 'bind' || source === undefined || source.startsWith('/') || source.includes('$')) return false;
  const file = tidyPath(source);
  const folder = path.replace(/(^|\/)[^/]*[*?[].*$/, '');
  return isFile(file) && (file === path || folder === '' || folder === '.' || file.startsWith(`${folder}/`));
}

/** The text cannot tell; what has an extension is hardly ever a folder. */
const isFile = (path: string) => /[^/]\.[^./]+$/.test(path);
