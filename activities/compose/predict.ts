import type { Prediction } from './prediction.ts';
import { predictNetworks } from './predict-networks.ts';
import { takenPorts } from './predict-ports.ts';
import { missingImages, predictServices, takenNames } from './predict-services.ts';
import { predictVolumes } from './predict-volumes.ts';
import type { PredictionInput } from './prediction-input.ts';

export type { PredictionInput } from './prediction-input.ts';

/** What `up` will do to each service, network and volume, and what is in its way. Pure. */
export function predict(input: PredictionInput): Prediction {
  const volumes = predictVolumes(input);
  const networks = predictNetworks(input);
  return {
    services: predictServices(input),
    volumes: volumes.volumes,
    networks: networks.networks,
    obstacles: [
      ...volumes.obstacles,
      ...networks.obstacles,
      ...missingImages(input),
      ...takenNames(input),
      ...takenPorts(input),
    ],
    warnings: [...volumes.warnings, ...networks.warnings],
  };
}
