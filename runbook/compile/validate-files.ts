import type { FileUse, Finding } from '../plan/index.ts';
import { namedFiles } from './named-files.ts';
import type { Scope } from './scope.ts';

const wanted: Record<FileUse, string> = {
  compose: 'Compose file',
  env: 'env file',
  sql: 'SQL file',
  manifests: 'manifest',
};

/** Files that are not there, lead outside, or are wrong in themselves. */
export function validateFiles({ plan, files, frame }: Scope): Finding[] {
  return namedFiles(plan).flatMap(({ path, use, named }): Finding[] => {
    const file = files.get(path, use);
    const error = (message: string, hint: string): Finding => ({ path: named, severity: 'error', message, hint });
    if (path === frame.stack.compose || path === frame.stack.env) {
      return [
        error(
          `\`${path}\` is the active file itself, which a checkpoint would overwrite`,
          'Keep each checkpoint in a file of its own, e.g. docker/v1-baseline.yml.',
        ),
      ];
    }
    if (file === undefined) return [error(`the ${wanted[use]} \`${path}\` was not read`, 'Read the plan again.')];
    switch (file.found) {
      case 'missing':
        if (use === 'sql' && /\s/.test(path)) {
          return [
            error(
              `there is no SQL file \`${path.slice(0, 60)}\``,
              'SQL itself is written as `statement`; as an undo: `undo: { statement: … }`.',
            ),
          ];
        }
        return [
          error(
            `the ${wanted[use]} \`${path}\` does not exist`,
            `Paths are relative to the stack directory, ${files.directory}.`,
          ),
        ];
      case 'outside':
        return [error(`\`${path}\` ${file.detail}`, 'Put the file itself into the stack directory.')];
      case 'directory':
        return [error(`\`${path}\` is a directory, not a ${wanted[use]}`, 'Name the file in it.')];
      case 'unreadable':
      case 'too-large':
      case 'not-text':
        return [
          error(
            `the ${wanted[use]} \`${path}\` ${file.detail}`,
            'The plan names a file that people wrote, as UTF-8 text.',
          ),
        ];
      case 'sql':
        return file.text.trim() === ''
          ? [error(`the SQL file \`${path}\` is empty`, 'Remove the step, or write the statements.')]
          : [];
      case 'compose':
      case 'env':
      case 'manifests':
        return file.problems.map(({ message, hint, start, end, severity }) => ({
          path: named,
          severity,
          message,
          ...(hint === undefined ? {} : { hint }),
          inside: { file: path, start, end },
        }));
    }
  });
}
