export type { Acceptance } from './accept.ts';
export { acceptHere, saveHere, scriptHere } from './here.ts';
