import { z } from 'zod';
import { checks } from './check.ts';
import { duration } from './duration.ts';
import { gitName, line, paragraph, planName, role, storeName } from './name.ts';
import { phase } from './phase.ts';
import { protectedResource } from './protect.ts';
import { checkpointFiles, stack } from './stack.ts';
import { store } from './store.ts';

const baseline = z
  .strictObject({
    ...checkpointFiles,
    tag: gitName.exactOptional().describe('The git tag of the baseline, which must exist before the first phase.'),
    services: z
      .int()
      .min(0)
      .max(10_000)
      .exactOptional()
      .describe('Exactly so many services run, all healthy, in the baseline.'),
    verify: checks.exactOptional().describe('More checks that prove the baseline after a full rollback.'),
  })
  .describe('What everything can go back to.');

const objectives = z
  .strictObject({
    detection: duration.prefault('1m'),
    decision: duration.prefault('2m'),
    execution: duration.prefault('5m'),
    verification: duration.prefault('3m'),
  })
  .describe('How long each part of a recovery may take.');

const before = z
  .strictObject({
    tag: gitName.exactOptional().describe('An annotated tag made on the commit before anything happens.'),
    branch: gitName.exactOptional().describe('A backup branch made at the same place.'),
    push: z.boolean().default(false).describe('Whether the tag and the branch are pushed to the remote.'),
  })
  .describe('What is recorded before the first phase.');

const contact = z.strictObject({ role, name: line, contact: line.describe('How to reach them.') });

/** A migration as an operator writes it. The reference is docs/plan-language.md. */
export const planSchema = z.strictObject({
  switchback: z.literal(1).describe('The version of the plan language: 1.'),
  name: planName,
  title: line.exactOptional(),
  description: paragraph.exactOptional(),
  stack,
  stores: z.record(storeName, store).default({}).describe('Databases by the name that the rest of the plan uses.'),
  protect: z.array(protectedResource).default([]),
  baseline,
  objectives: objectives.prefault({}),
  proofAge: duration.prefault('24h').describe('How long a proven backup stays good enough to open a gate.'),
  contacts: z.array(contact).default([]).describe('Whom to call, by role.'),
  owner: line.exactOptional().describe('Who answers for the migration; phases can name their own.'),
  before: before.exactOptional(),
  phases: z.array(phase).min(1).max(100),
});

export type Plan = z.output<typeof planSchema>;
export type PlanSource = z.input<typeof planSchema>;
export type Phase = Plan['phases'][number];
export type PlanStore = Plan['stores'][string];
export type PlanChecks = z.output<typeof checks>;
