export { DockerEngine, carries, type CallOptions, type Labels } from './docker-engine.ts';
export { runHelper, type HelperMount, type HelperOptions, type HelperResult, type HelperSpec } from './run-helper.ts';
export { measureUsage, type ContainerUsage } from './container-usage.ts';
export { pause, withDeadline } from './deadline.ts';
