export type { CommandRequest, Instruments } from './measurement.ts';
export { servicesOf, type ServiceState, type ServiceStatus } from './check-services.ts';
export { runCheck, runChecks } from './run-check.ts';
export { untilSteady, type Steadiness } from './until-steady.ts';
export { newWatch, watchWindow, type WatchState } from './watch-window.ts';
