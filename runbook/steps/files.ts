import { z } from 'zod';
import { guardPath } from '../guard/index.ts';
import { gitRef } from '../plan/name.ts';
import { stackPath, tidyPath } from '../plan/place.ts';
import { defineStep, stepOptions, summaryLine, type OperationDraft } from './step-kind.ts';

const schema = z.strictObject({
  files: z.array(stackPath).min(1).max(1000).describe('Paths, or globs, that get the content they have at the ref.'),
  ref: gitRef.describe('A git tag, branch or commit.'),
  ...stepOptions,
});

/** `files`: brings paths to the state they have at a git ref; what they held is kept [M3]. */
export const filesStep = defineStep({
  key: 'files',
  schema,
  files: () => [],

  validate(step, context) {
    const guarded = step.files.flatMap((path, index) => {
      const active = [context.stack.compose, ...(context.stack.env === undefined ? [] : [context.stack.env])];
      return guardPath(path, context.protect, active).map((found) => ({
        ...found,
        path: [...context.path, 'files', index],
      }));
    });
    return [...guarded, ...relativeRef(step.ref, [...context.path, 'ref'])];
  },

  expand(step) {
    const paths = step.files.map(tidyPath);
    const effects = paths.map((path) => ({ resource: `file:${path}`, change: 'replace' as const }));
    const draft: OperationDraft<'restoreFiles'> = {
      kind: 'restoreFiles',
      summary: summaryLine(step.title ?? filesStep.describe(step)),
      input: { ref: step.ref, paths },
      effects,
      undo: {
        by: 'operation',
        kind: 'putFilesBack',
        summary: summaryLine(`put ${paths.join(', ')} back as they were`),
        lossy: false,
        // Which files the paths stand for, and what they hold, is known when the step is about to run.
        input: { files: paths.map((path) => ({ path })), written: [] },
        effects,
      },
      timeoutSeconds: step.timeout ?? 300,
    };
    return [draft];
  },

  describe: (step) => `restore ${step.files.join(', ')} from ${step.ref}`,
});

/** `HEAD~1` is "before" until somebody commits once more. */
function relativeRef(ref: string, path: (string | number)[]) {
  if (!/^(HEAD|@)$|[~^]|@\{/.test(ref)) return [];
  return [
    {
      path,
      severity: 'warning' as const,
      message: `\`${ref}\` means another commit as soon as somebody commits`,
      hint: 'Name a tag: `before: { tag: … }` makes one before the first phase.',
    },
  ];
}
