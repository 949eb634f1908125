import { z } from 'zod';
import { checkSchemas } from './check.ts';
import { duration } from './duration.ts';
import { keyed } from './keyed.ts';
import { role } from './name.ts';

const approval = z.strictObject({
  approval: role.describe('The role that must say yes.'),
  remind: duration.prefault('15m').describe('How long until it is said again that somebody is needed.'),
});

/** Conditions between the dual run and the cutover: a person's yes, or a check. */
export const gate = z.array(keyed('a gate', { approval, ...checkSchemas })).min(1);
