import { z } from 'zod';
import { checkSchemas } from './check.ts';
import { duration } from './duration.ts';
import { keyed } from './keyed.ts';
import { role } from './name.ts';
import { saying } from './saying.ts';

const approval = z.strictObject({
  approval: saying(role, 'Who must say yes.'),
  remind: saying(
    duration,
    'How long until it is said again that somebody is needed; then twice as long each time, up to a day.',
  ).prefault('15m'),
});

/** Conditions between the dual run and the cutover: a person's yes, or a check. */
export const gate = z.array(keyed('a gate', { approval, ...checkSchemas })).min(1);
