import { describe, expect, it } from '@jest/globals';
import { collapseCheckpoints, type CollapsedStep, type UndoStep } from '../../runbook/collapse-checkpoints.ts';

/**
 * `cp` goes back to a checkpoint, `img:S` to the older image of service S, `run` is a command, `sql` SQL, `tag` and `files` put back what they
 * say. The number is the place among the undos; `/B` means that it works on another stack.
 */
function undosOf(story: string): UndoStep[] {
  return story.split(' ').map((word, index) => {
    const [name = '', stack = 'A'] = word.split('/');
    const [short = '', service] = name.split(':');
    const kinds = { cp: 'applyCheckpoint', img: 'switchImage', run: 'runContainer', sql: 'applySql' } as const;
    const others = { tag: 'removeTag', files: 'putFilesBack' } as const;
    const kind = { ...kinds, ...others }[short as 'cp'];
    return {
      record: { run: stack, operation: { id: `${name}${index + 1}` } },
      undo: { by: 'operation', kind, input: service === undefined ? {} : { service } },
    } as unknown as UndoStep;
  });
}
const id = ({ record }: UndoStep) => record.operation.id;
const told = ({ alsoUndone, again, ...step }: CollapsedStep) =>
  [id(step), ...alsoUndone.map(({ operation }) => `<${operation.id}`), ...(again ? [`again ${id(again)}`] : [])].join(
    ' ',
  );
const collapse = (story: string) =>
  collapseCheckpoints(undosOf(story), (one, other) => one.run === other.run).map(told);

describe('undos of checkpoints and images', () => {
  it.each([
    // The oldest state alone is started, with all that it replaces.
    ['cp cp cp', ['cp3 <cp1 <cp2']],
    ['img:a cp', ['cp2 <img:a1']],
    ['cp img:a cp', ['cp3 <cp1 <img:a2']],
    ['img:a img:a', ['img:a2 <img:a1']],
    ['img:a img:b', ['img:a1', 'img:b2']],
    ['img:a img:b img:a', ['img:a1', 'img:b2', 'img:a3']],
    // An image of one service is no older state of a whole checkpoint.
    ['cp img:a', ['cp1', 'img:a2']],
    ['cp img:a img:a', ['cp1', 'img:a3 <img:a2']],
    // What needs the services between them has them.
    ['cp run cp', ['cp1', 'run2', 'cp3']],
    ['cp sql cp', ['cp1', 'sql2', 'cp3']],
    ['img:a run img:a', ['img:a1', 'run2', 'img:a3']],
    // Tags do not.
    ['cp tag cp', ['tag2', 'cp3 <cp1']],
    ['tag img:a tag cp tag', ['tag1', 'tag3', 'cp4 <img:a2', 'tag5']],
    ['run run', ['run1', 'run2']],
    // Another stack is another world.
    ['cp/A cp/B', ['cp1', 'cp2']],
    ['cp/A cp/B cp/A', ['cp1', 'cp2', 'cp3']],
  ])('%s: %j', (story, steps) => {
    expect(collapse(story)).toEqual(steps);
  });

  it('are all of one stack where nobody says more', () => {
    expect(collapseCheckpoints(undosOf('cp/A cp/B')).map(told)).toEqual(['cp2 <cp1']);
  });
});

describe('files that are put back', () => {
  it.each([
    // Before the services that read them start.
    ['cp files', ['files2', 'cp1']],
    ['cp tag files', ['files3', 'cp1', 'tag2']],
    ['img:a img:b files', ['files3', 'img:a1', 'img:b2']],
    ['cp files cp', ['files2', 'cp3 <cp1']],
    ['files cp', ['files1', 'cp2']],
    ['files', ['files1']],
    ['files run', ['files1', 'run2']],
    ['run files', ['run1', 'files2']],
    ['run cp files', ['run1', 'files3', 'cp2']],
    // After a command that may need the newer ones; then the checkpoint is applied once more.
    ['cp run files', ['cp1', 'run2', 'files3 again cp1']],
    ['cp run files tag', ['cp1', 'run2', 'files3 again cp1', 'tag4']],
    ['run cp run files', ['run1', 'cp2', 'run3', 'files4 again cp2']],
    // Of several, the last one says when all are back.
    ['cp run files run files', ['cp1', 'run2', 'files3', 'run4', 'files5 again cp1']],
    ['cp run cp run files', ['cp1', 'run2', 'cp3', 'run4', 'files5 again cp3']],
    // Nothing to apply once more, or it comes first anyway: the command does without the newer files.
    ['img:a run files', ['files3', 'img:a1', 'run2']],
    ['run img:a run files', ['run1', 'files4', 'img:a2', 'run3']],
    ['cp run files run cp', ['files3', 'cp1', 'run2', 'run4', 'cp5']],
    ['cp run img:a run files', ['files5', 'cp1', 'run2', 'img:a3', 'run4']],
    ['files img:a run files', ['files1', 'files4', 'img:a2', 'run3']],
  ])('%s: %j', (story, steps) => {
    expect(collapse(story)).toEqual(steps);
  });
});
