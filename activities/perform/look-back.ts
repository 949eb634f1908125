import type { PerformRequest } from '../../runbook/activities.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { asksForEffect } from '../../runbook/rollback-operations.ts';
import type { Performed } from '../effect.ts';
import { nothingToTakeBack, type Looking } from './nothing-to-take-back.ts';
import type { OpenTarget } from './target-access.ts';

/**
 * Looks at what an operation takes back before it acts.
 * @returns what there is to say where nothing is to be taken back
 * @throws SwitchbackError `PointOfNoReturn` where it was asked whether something took effect that cannot be taken back, and it did, or may have
 */
export async function lookBack(
  request: PerformRequest,
  target: OpenTarget,
  looking: Looking,
): Promise<Performed | undefined> {
  const nothing = await nothingToTakeBack(request, target, looking);
  const { operation } = request;
  if (nothing || !asksForEffect(operation)) return nothing;
  const [asked = ''] = operation.undoes ?? [];
  const forward = target.journal.state.operations.get(asked);
  const cause = forward?.undo.by === 'impossible' ? forward.undo.cause : 'its plan has no undo';
  throw new SwitchbackError(
    'PointOfNoReturn',
    `${asked} took effect, or may have, and cannot be taken back: ${cause}`,
    {
      hint: 'Nothing was taken back. Abort and fix forward; or make it right by hand, and say done-by-hand with a proof.',
    },
  );
}
