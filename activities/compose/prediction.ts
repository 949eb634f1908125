import type { ErrorName } from '../../runbook/errors.ts';
import { SwitchbackError } from '../../runbook/errors.ts';

/** What `up` will do to a service. `runs-again`: a one-shot that is started once more. */
export type ServiceFate =
  'created' | 'recreated' | 'started' | 'runs-again' | 'scaled' | 'unchanged' | 'removed' | 'stopped';

export interface ServiceChange {
  service: string;
  fate: ServiceFate;
  /** Why, in few words, e.g. `image`, `environment`; never a value. */
  why: string[];
}

export interface ResourceChange {
  /** As Docker knows it. */
  name: string;
  fate: 'created' | 'unchanged' | 'changed' | 'kept';
  why: string[];
}

/** Something that must be out of the way first. */
export interface Obstacle {
  error: Extract<ErrorName, 'Conflict' | 'PreconditionFailed' | 'Protected'>;
  message: string;
  hint: string;
  facts: Record<string, string>;
}

/** What will happen when a stack is brought to a checkpoint. */
export interface Prediction {
  services: ServiceChange[];
  volumes: ResourceChange[];
  networks: ResourceChange[];
  obstacles: Obstacle[];
  warnings: string[];
}

const order: Obstacle['error'][] = ['Protected', 'PreconditionFailed', 'Conflict'];

/** @throws SwitchbackError with all obstacles, named by the gravest of them. */
export function refuseObstacles(prediction: Prediction): void {
  const { obstacles } = prediction;
  const gravest = order.map((name) => obstacles.find((obstacle) => obstacle.error === name)).find((found) => found);
  if (!gravest) return;
  throw new SwitchbackError(gravest.error, obstacles.map((obstacle) => obstacle.message).join('; '), {
    hint: [...new Set(obstacles.map((obstacle) => obstacle.hint))].join(' '),
    facts: { ...gravest.facts, obstacles: obstacles.length },
  });
}

/** Lines that say what will happen, for people; what stays as it is, is counted. */
export function describePrediction(prediction: Prediction): string[] {
  const because = (why: string[]) => (why.length === 0 ? '' : ` (${why.join(', ')})`);
  const unchanged = prediction.services.filter((service) => service.fate === 'unchanged').length;
  return [
    ...prediction.services
      .filter((service) => service.fate !== 'unchanged')
      .map((service) => `service ${service.service}: ${service.fate.replace('-', ' ')}${because(service.why)}`),
    ...(unchanged === 0 ? [] : [`${unchanged} service${unchanged === 1 ? '' : 's'} unchanged`]),
    ...prediction.volumes
      .filter((volume) => volume.fate !== 'unchanged')
      .map((volume) => `volume ${volume.name}: ${volume.fate}${because(volume.why)}`),
    ...prediction.networks
      .filter((network) => network.fate !== 'unchanged')
      .map((network) => `network ${network.name}: ${network.fate}${because(network.why)}`),
    ...prediction.warnings.map((warning) => `note: ${warning}`),
  ];
}
