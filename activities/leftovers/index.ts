export { leftObjects } from './docker-objects.ts';
export { leftFiles } from './files.ts';
export { leftInRepository } from './in-repository.ts';
export { leftInStores } from './in-stores.ts';
export type { Leftover } from './leftover.ts';
export { leftProcesses } from './processes.ts';
export { leftWals } from './wals.ts';
export { leftStopped } from './stopped-containers.ts';
