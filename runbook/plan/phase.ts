import { z } from 'zod';
import { stepSchema } from '../steps/index.ts';
import { backup } from './backup.ts';
import { bake } from './bake.ts';
import { budget } from './budget.ts';
import { checks } from './check.ts';
import { dualRun } from './dual-run.ts';
import { duration } from './duration.ts';
import { gate } from './gate.ts';
import { gitName, line, paragraph, phaseId, serviceName } from './name.ts';
import { rehearse } from './rehearse.ts';
import { saying } from './saying.ts';
import { checkpointFiles } from './stack.ts';

const cutover = z
  .strictObject({
    steps: z
      .array(stepSchema)
      .min(1)
      .exactOptional()
      .describe('Steps at the moment traffic moves, before the checkpoint is applied.'),
    recreate: z
      .array(serviceName)
      .min(1)
      .exactOptional()
      .describe('Services to recreate although nothing about them changed.'),
  })
  .describe("The moment traffic moves: the phase's checkpoint is applied.");

export const phase = z.strictObject({
  id: phaseId,
  title: saying(line, 'The phase in a few words.').exactOptional(),
  description: saying(paragraph, 'What the phase does and why.').exactOptional(),
  risk: z.enum(['none', 'low', 'medium', 'high']).default('medium').describe('How much can go wrong.'),
  needs: z.array(phaseId).default([]).describe('Phases that must have completed before.'),
  optional: z.boolean().default(false).describe('Whether the run may leave the phase out.'),
  owner: saying(line, 'Who answers for the phase: a role or a name of `contacts`.').exactOptional(),
  acceptance: z.array(line).default([]).describe('What a person looks for before calling the phase done.'),
  estimate: saying(duration, 'How long people expect the phase to take.').exactOptional(),
  checkpoint: z
    .strictObject(checkpointFiles)
    .exactOptional()
    .describe("The phase's final checkpoint, applied in the cutover."),
  backup: z.array(backup).default([]).describe('What is saved, and proven to be restorable, before the phase acts.'),
  rehearse: rehearse.exactOptional(),
  steps: z.array(stepSchema).default([]).describe('What is applied before the cutover, in order.'),
  dualRun: dualRun.exactOptional(),
  gate: gate.exactOptional().describe('What must be true before traffic moves.'),
  cutover: cutover.exactOptional(),
  verify: checks.describe('Checks that prove the phase; run again after a rollback to it.'),
  bake: bake.exactOptional(),
  budget: budget.exactOptional(),
  tag: saying(gitName, 'The annotated tag that marks the completed phase.').exactOptional(),
  onFailure: z
    .enum(['park', 'rollback'])
    .default('park')
    .describe('When a stage after apply fails by itself: wait for a person, or go back at once.'),
});
