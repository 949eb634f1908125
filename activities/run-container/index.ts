export { goesOn } from './goes-on.ts';
export {
  commandContainer,
  imageIdOf,
  runInService,
  type RunContext,
  type ServiceCommand,
  type ServiceRun,
} from './run-in-service.ts';
export { serviceSurroundings } from './service-container.ts';
export { takeSampleInService } from './take-sample.ts';
