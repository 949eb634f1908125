import { z } from 'zod';
import { duration } from './duration.ts';
import { line } from './name.ts';
import { saying } from './saying.ts';

const options = z.strictObject({
  when: z
    .enum(['run', 'asked'])
    .default('run')
    .describe('In each run before anything is applied, or only when `switchback rehearse` asks for it.'),
  required: z.boolean().default(false).describe('Whether a phase that could not be rehearsed waits for a person.'),
  discardData: z.boolean().default(false).describe('Whether undos that discard data are rehearsed too.'),
  ignore: z
    .array(line)
    .default([])
    .describe(
      'What changes by itself, or is left on purpose: `volume:NAME`, `store:NAME/SCHEMA.TABLE.COLUMN`, `file:PATH`; `*` is any text.',
    ),
  within: saying(duration, 'How long a rehearsal may take.').prefault('1h'),
});

/** Off unless asked for: a clone takes as much memory and disk again as the stack itself. */
export const rehearse = z
  .union([z.boolean(), options])
  .describe('Runs the way back on a clone of the stack before anything is applied; for a phase, or all of them.');

export type RehearseOptions = z.output<typeof options>;
export type Rehearse = z.output<typeof rehearse>;
