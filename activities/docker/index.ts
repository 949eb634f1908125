export { buildImage } from './build-image.ts';
export { DockerEngine, carries, isObjectName, type EngineInfo, type Labels } from './docker-engine.ts';
export { dockerEnvironment, enginePlace, type EnginePlace } from './engine-place.ts';
export type { CallOptions } from './engine-connection.ts';
export { creation, type HelperMount, type HelperSpec } from './helper-spec.ts';
export { runHelper, type HelperOptions, type HelperResult } from './run-helper.ts';
export { measureUsage, type ContainerUsage } from './container-usage.ts';
export { pause, withDeadline } from './deadline.ts';
