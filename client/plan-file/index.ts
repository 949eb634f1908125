export { readPlan, readPlanText, type PlanReading } from './read-plan.ts';
export { renderIssues } from './render-issues.ts';
export type { PlanIssue } from './plan-issue.ts';
export { directorySource, memorySource, type FileSource } from './load-files.ts';
