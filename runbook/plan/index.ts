export {
  planSchema,
  type Phase,
  type Plan,
  type PlanChecks,
  type PlanRepository,
  type PlanSource,
  type PlanStore,
} from './plan.ts';
export type { PlanCheck } from './check.ts';
export type { Rehearse } from './rehearse.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { formatSize, parseSize } from './size.ts';
export { keyedUnion, type KeyedUnion } from './keyed.ts';
export { formatPath, type Finding, type PlanPath } from './finding.ts';
export { tidyPath } from './place.ts';
export {
  findPlainSecret,
  isSecretKey,
  isSecretReference,
  secretHint,
  secretReferences,
  unknownReferences,
} from './secret-reference.ts';
export type { FileProblem, FileUse, ManifestObject, NamedFile, PlanFile, PlanFiles } from './plan-files.ts';
export {
  dockerName,
  type ComposeFacts,
  type ComposeMount,
  type ComposeService,
  type ComposeResource,
} from './compose-facts.ts';
export { variablesIn, type ComposeVariable } from './compose-variables.ts';
export { plainRecipient, recipientProblem } from './age-recipient.ts';
export { didYouMean, nearest } from './did-you-mean.ts';
