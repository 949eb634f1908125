import { z } from 'zod';
import { checks } from './check.ts';
import { cluster, clusterName } from './cluster.ts';
import { duration } from './duration.ts';
import { gitName, line, paragraph, planName, role, storeName } from './name.ts';
import { phase } from './phase.ts';
import { protectedResource } from './protect.ts';
import { rehearse } from './rehearse.ts';
import { repository } from './repository.ts';
import { saying } from './saying.ts';
import { checkpointFiles, stack } from './stack.ts';
import { store } from './store.ts';

const baseline = z
  .strictObject({
    ...checkpointFiles,
    tag: saying(gitName, 'The git tag of the baseline, which must exist before the first phase.').exactOptional(),
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
    detection: saying(duration, 'Until somebody, or a trigger, knows.').prefault('1m'),
    decision: saying(duration, 'Until it is decided to go back.').prefault('2m'),
    execution: saying(duration, 'Until the old state runs again.').prefault('5m'),
    verification: saying(duration, 'Until it is proven to be healthy.').prefault('3m'),
  })
  .describe('How long each part of a recovery may take.');

const before = z
  .strictObject({
    tag: saying(gitName, 'An annotated tag made on the commit before anything happens.').exactOptional(),
    branch: saying(gitName, 'A backup branch made at the same place.').exactOptional(),
    push: z.boolean().default(false).describe('Whether the tag and the branch are pushed to the remote.'),
  })
  .describe('What is recorded before the first phase.');

const contact = z.strictObject({
  role,
  name: saying(line, 'Who it is.'),
  contact: saying(line, 'How to reach them.'),
});

/** A migration as an operator writes it. The reference is docs/plan-language.md. */
export const planSchema = z.strictObject({
  switchback: z.literal(1).describe('The version of the plan language: 1.'),
  name: planName,
  title: saying(line, 'The migration in a few words.').exactOptional(),
  description: saying(paragraph, 'What the migration is for.').exactOptional(),
  stack,
  stores: z.record(storeName, store).default({}).describe('Databases by the name that the rest of the plan uses.'),
  clusters: z.record(clusterName, cluster).default({}).describe('Kubernetes clusters, by the name that steps use.'),
  protect: z.array(protectedResource).default([]).describe('What no step may delete, modify or overwrite.'),
  baseline,
  objectives: objectives.prefault({}),
  proofAge: saying(duration, 'How long a proven backup stays good enough to open a gate.').prefault('24h'),
  repository: repository.exactOptional(),
  contacts: z.array(contact).default([]).describe('Whom to call, by role.'),
  owner: line.exactOptional().describe('Who answers for the migration; phases can name their own.'),
  before: before.exactOptional(),
  rehearse: rehearse.exactOptional(),
  phases: z
    .array(phase)
    .min(1)
    .max(100)
    .describe('The phases, in the order in which they run; each has at least an id and `verify`.'),
});

export type Plan = z.output<typeof planSchema>;
export type PlanSource = z.input<typeof planSchema>;
export type Phase = Plan['phases'][number];
export type PlanRepository = NonNullable<Plan['repository']>;
export type PlanStore = Plan['stores'][string];
export type PlanChecks = z.output<typeof checks>;
