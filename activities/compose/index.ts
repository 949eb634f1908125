export { ComposeCli, type ComposeOptions, type ComposeProject, type UpOptions } from './compose-cli.ts';
export { compareContainer, plain, type Difference } from './compare-container.ts';
export { seeContainers, type SeenContainer, type SeenMount } from './seen-container.ts';
export { movedVolumes, sharersOf } from './running-services.ts';
export type { ComposeEvent } from './compose-event.ts';
export { composeEnvironment, namesInEnvFile, refuseSteering } from './compose-environment.ts';
export { nameTaken } from './compose-failure.ts';
export { composeLabel } from './compose-labels.ts';
export {
  containerNamesOf,
  enabledServices,
  hasHealthcheck,
  imageOf,
  mayEnd,
  parseModel,
  replicasOf,
  type ComposeModel,
  type ComposeMount,
  type ComposeService,
} from './compose-model.ts';
export { predict, type PredictionInput } from './predict.ts';
export { fixedPorts, overlap } from './predict-ports.ts';
export { orphansOf } from './predict-services.ts';
export { describePrediction, refuseObstacles, type Obstacle, type Prediction } from './prediction.ts';
export { judgeServices, type ContainerSight, type ServiceVerdict } from './readiness.ts';
export { readWorld, type PublishedPort, type StackWorld, type WorldContainer } from './stack-world.ts';
export { lookAtServices, waitUntilReady } from './wait-until-ready.ts';
