export { writeInitialPlan, type InitialPlan, type InitRequest } from './write-initial-plan.ts';
