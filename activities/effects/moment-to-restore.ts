import { SwitchbackError } from '../../runbook/errors.ts';
import { pause } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import type { StoredPoint } from '../points/index.ts';
import { describeWal, readWal, type WalSpan } from '../wal/index.ts';

/** How far a log has come is noted every two seconds, two looks later: a moment that has just passed is waited for. */
const patienceMs = 15_000;

/**
 * Makes sure that the log of a point holds everything up to a moment.
 * @param at ISO 8601, or `latest`
 * @throws `PreconditionFailed` with the moments that can be restored
 */
export async function momentToRestore(
  context: Pick<EffectContext, 'home' | 'signal'>,
  { manifest }: StoredPoint,
  at: string,
): Promise<WalSpan & { to: string; lsn: string }> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const span = await readWal(context.home, manifest);
    const refuse = (why: string, hint: string) =>
      new SwitchbackError('PreconditionFailed', `recovery point ${manifest.run}/${manifest.point} ${why}`, {
        hint,
        facts: { at, from: span?.from ?? '', to: span?.to ?? '' },
      });
    if (span === undefined) {
      throw refuse(
        'has no log to follow',
        'It was taken without `pointInTime`: restore it without --at, or choose another point.',
      );
    }
    const wanted = Date.parse(at);
    const early = wanted < Date.parse(span.from);
    const { to, lsn } = span;
    if (to !== undefined && lsn !== undefined && !early && (at === 'latest' || wanted <= Date.parse(to)))
      return { ...span, to, lsn };
    const passed = at === 'latest' || wanted <= Date.now();
    const mayCome = span.state === 'following' && !early && passed && performance.now() < deadline;
    if (!mayCome) {
      throw refuse(
        `cannot be brought to ${at}, but to ${describeWal(span)}`,
        early
          ? 'Choose an older recovery point, or a later moment.'
          : 'Ask for a moment within that, or for --at latest, all that there is.',
      );
    }
    await pause(500, context.signal);
  }
}
