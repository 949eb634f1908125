import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { pause, withDeadline } from '../../activities/docker/deadline.ts';
import { onAbort } from '../../activities/on-abort.ts';

describe('those who wait for one signal', () => {
  it('are as many as a stack has containers, without a warning of a leak', async () => {
    const { signal } = new AbortController();
    const open: (() => void)[] = [];
    const waiting = Array.from({ length: 40 }, () =>
      withDeadline(
        'docker inspect',
        { deadlineMs: 10_000, signal },
        () => new Promise<void>((done) => open.push(done)),
      ),
    );
    const pauses = Array.from({ length: 40 }, () => pause(1, signal));
    // Node reports a leak from the eleventh on.
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const done of open) done();
    await Promise.all([...waiting, ...pauses]);
  });

  it('are all told of its abort, save who has left', async () => {
    const abort = new AbortController();
    const told: string[] = [];
    onAbort(abort.signal, () => told.push('first'));
    const leave = onAbort(abort.signal, () => told.push('left'));
    onAbort(abort.signal, () => told.push('second'));
    leave();
    const waiting = withDeadline(
      'docker inspect',
      { deadlineMs: 10_000, signal: abort.signal },
      () => new Promise(() => undefined),
    );
    const pausing = pause(10_000, abort.signal);
    abort.abort(new Error('called off'));
    await expect(waiting).rejects.toThrow('called off');
    await expect(pausing).rejects.toThrow('called off');
    expect(told).toEqual(['first', 'second']);
  });

  it('are told each, where two pass one callback', () => {
    const abort = new AbortController();
    const told: string[] = [];
    const call = () => told.push('same');
    onAbort(abort.signal, call);
    onAbort(abort.signal, call);
    abort.abort();
    expect(told).toEqual(['same', 'same']);
  });
});
