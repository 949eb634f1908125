export { hostMemory, type HostMemory } from './free-memory.ts';
export { judgeDemand, type Excess } from './judge-demand.ts';
export { measureServices, usageTable, type Measurement, type ServiceUsage } from './measure-services.ts';
export { showBytes } from './show-bytes.ts';
export { sumLimits, type Demand } from './sum-limits.ts';
