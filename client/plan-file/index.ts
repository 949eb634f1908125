export { readPlan, readPlanText, type PlanReading } from './read-plan.ts';
export { renderIssues } from './render-issues.ts';
export { renderPlan } from './render-plan.ts';
export type { PlanIssue } from './plan-issue.ts';
export { directorySource, memorySource, type FileSource } from './load-files.ts';
export { planJsonSchema } from './json-schema.ts';
