import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { removeTagHandler } from '../../../activities/effects/remove-tag.ts';
import { tagCheckpointHandler } from '../../../activities/effects/tag-checkpoint.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { performWith, TestTarget } from '../../real/effect-context.ts';
import { Repository } from '../git/repository.ts';

let target: TestTarget;
let repository: Repository;
beforeEach(async () => {
  target = await TestTarget.make({ project: 'tags' });
  repository = new Repository(target.directory);
  repository.write('docker-compose.yml', 'services: {}\n').commit();
});
afterEach(() => target.remove());

const input = { tag: 'v2-phase-1-complete', message: 'Redpanda: completed', push: false };
const tag = (more = input) => target.context('tagCheckpoint', more);
const tags = () => repository.git('for-each-ref', '--format=%(refname:short) %(objecttype)', 'refs/tags');

describe('tagging a checkpoint', () => {
  it('[K4] makes an annotated tag once, and its undo frees the name for the next attempt of the phase', async () => {
    const first = await performWith(tagCheckpointHandler(), tag());
    expect(tags()).toBe('v2-phase-1-complete tag');
    expect(repository.git('for-each-ref', '--format=%(contents)', 'refs/tags')).toContain('Switchback-Run: tags/run-1');
    const again = await performWith(tagCheckpointHandler(), tag(), first.prepared);
    expect(again.outcome).toBe('adopted');
    expect(again.performed.effect).toEqual(first.performed.effect);

    const { undo } = first.prepared;
    if (undo.by !== 'operation' || undo.kind !== 'removeTag') throw new Error(`unexpected undo ${undo.by}`);
    const takeBack = () =>
      target.context('removeTag', undo.input as OperationInputs['removeTag'], { id: 'rollback-1/01-removeTag' });
    const { performed, prepared } = await performWith(removeTagHandler(), takeBack());
    expect(tags()).toBe('');
    expect(repository.git('cat-file', '-t', String(performed.facts['kept']))).toBe('tag');
    expect((await performWith(removeTagHandler(), takeBack(), prepared)).outcome).toBe('adopted');

    repository.write('fix', 'fix').commit();
    await performWith(tagCheckpointHandler(), tag());
    expect(tags()).toBe('v2-phase-1-complete tag');
  });

  it('[K4] stops before anything is done where the tag is on another commit', async () => {
    repository.git('tag', '-a', '-m', 'old', input.tag);
    repository.write('a', 'a').commit();
    await expect(tagCheckpointHandler().prepare(input, tag())).rejects.toMatchObject({ name: 'Conflict' });
  });

  it('leaves a tag that was there before out of the undo', async () => {
    repository.git('tag', '-a', '-m', 'mine', input.tag);
    const { prepared } = await performWith(tagCheckpointHandler(), tag());
    expect(prepared.undo.by).toBe('nothing');
  });

  it('can be taken back when it was killed between the tag and its receipt', async () => {
    const handler = tagCheckpointHandler();
    const prepared = await handler.prepare(input, tag());
    expect(await handler.observe(input, tag(), prepared)).toBe('absent');
    expect(tags()).toBe('');
    await handler.perform(input, tag(), prepared);
    // No receipt: the prepared undo, which the journal has, names the object all the same.
    if (prepared.undo.by !== 'operation') throw new Error('no undo');
    await performWith(
      removeTagHandler(),
      target.context('removeTag', prepared.undo.input as OperationInputs['removeTag']),
    );
    expect(tags()).toBe('');
  });

  it('says how many changes are in no commit', async () => {
    repository.write('docker-compose.yml', 'services: { a: {} }\n').write('new', 'n');
    const { performed } = await performWith(tagCheckpointHandler(), tag());
    expect(performed.summary).toContain('2 changed paths are not in it');
  });

  it('pushes where the plan says so, and takes the pushed tag back too', async () => {
    const remote = `${target.root}/remote.git`;
    repository.git('init', '--quiet', '--bare', remote);
    repository.git('remote', 'add', 'origin', remote);
    const pushed = () => repository.git('ls-remote', '--tags', 'origin');
    const { prepared } = await performWith(tagCheckpointHandler(), tag({ ...input, push: true }));
    expect(pushed()).toContain('refs/tags/v2-phase-1-complete');
    if (prepared.undo.by !== 'operation') throw new Error('no undo');
    await performWith(
      removeTagHandler(),
      target.context('removeTag', prepared.undo.input as OperationInputs['removeTag']),
    );
    expect(pushed()).toBe('');
  });

  it('does not begin without a remote where it has to push', async () => {
    await expect(tagCheckpointHandler().prepare({ ...input, push: true }, tag())).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect(tags()).toBe('');
  });
});
