import { z } from 'zod';
import { check } from './check.ts';
import { duration } from './duration.ts';
import { saying } from './saying.ts';

const trigger = z.strictObject({
  healthFailures: z.int().min(1).max(1000).describe('So many failed samples in a row fire the trigger.'),
  decide: z.enum(['freeze', 'quick', 'full', 'emergency', 'assess']).describe('What happens when it fires.'),
});

export const bake = z
  .strictObject({
    for: saying(duration, 'How long to watch after the cutover.'),
    every: saying(duration, 'How often the checks are tried.').prefault('10s'),
    checks: z.array(check).min(1).exactOptional().describe("What is watched; the phase's verify checks when left out."),
    triggers: z
      .array(trigger)
      .min(1)
      .default([{ healthFailures: 3, decide: 'assess' }])
      .describe('What fires while it is watched.'),
  })
  .describe('The watch after the cutover, with triggers armed.');
