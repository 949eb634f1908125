import { composeLabel } from './compose-labels.ts';
import { enabledServices, type ComposeModel, type ComposeNetwork } from './compose-model.ts';
import type { Obstacle, ResourceChange } from './prediction.ts';
import type { PredictionInput } from './prediction-input.ts';
import type { WorldNetwork } from './stack-world.ts';

/** What happens to networks. A changed definition leaves the network as it is with older Compose; newer ones replace it. */
export function predictNetworks(input: PredictionInput): {
  networks: ResourceChange[];
  obstacles: Obstacle[];
  warnings: string[];
} {
  const { world, model, protectedNetworks } = input;
  const networks: ResourceChange[] = [];
  const obstacles: Obstacle[] = [];
  const warnings: string[] = [];
  for (const network of Object.values(usedNetworks(model))) {
    const existing = world.networks.get(network.name);
    if (!existing) {
      if (network.external) obstacles.push(missingNetwork(network.name));
      else networks.push({ name: network.name, fate: 'created', why: [] });
      continue;
    }
    if (!network.external && existing.labels[composeLabel.project] !== model.name)
      obstacles.push(foreignNetwork(existing));
    const why = network.external ? [] : networkDifferences(network, existing);
    networks.push({ name: network.name, fate: why.length === 0 ? 'unchanged' : 'changed', why });
    if (why.length === 0) continue;
    if (protectedNetworks.has(network.name)) obstacles.push(changedNetwork(network.name, why));
    else warnings.push(`network ${network.name} is defined in another way than it is; Compose may leave it as it is`);
  }
  return { networks, obstacles, warnings };
}

function usedNetworks(model: ComposeModel): Record<string, ComposeNetwork> {
  const used = new Set(enabledServices(model).flatMap(([, service]) => Object.keys(service.networks ?? {})));
  return Object.fromEntries(Object.entries(model.networks).filter(([key]) => used.has(key)));
}

function networkDifferences(wanted: ComposeNetwork, existing: WorldNetwork): string[] {
  const why: string[] = [];
  if ((wanted.driver ?? 'bridge') !== existing.driver) why.push('driver');
  if ((wanted.internal ?? false) !== existing.internal) why.push('internal');
  const subnets = (wanted.ipam?.config ?? []).flatMap((pool) => (pool.subnet === undefined ? [] : [pool.subnet]));
  // Without a subnet in the definition Docker has chosen one, and any is right.
  if (subnets.length > 0 && subnets.sort().join() !== [...existing.subnets].sort().join()) why.push('ipam');
  return why;
}

function missingNetwork(name: string): Obstacle {
  return {
    error: 'PreconditionFailed',
    message: `the external network ${name} does not exist`,
    hint: `Make it first: \`docker network create ${name}\`.`,
    facts: { network: name },
  };
}

function foreignNetwork(network: WorldNetwork): Obstacle {
  const owner = network.labels[composeLabel.project];
  return {
    error: 'Conflict',
    message: `network ${network.name} exists and belongs to ${owner === undefined ? 'no Compose project' : `project ${owner}`}`,
    hint: 'Declare it `external: true`, or give this one another name.',
    facts: { network: network.name },
  };
}

function changedNetwork(name: string, why: string[]): Obstacle {
  return {
    error: 'Protected',
    message: `the definition of the protected network ${name} differs from the network that exists: ${why.join(', ')}`,
    hint: 'Define it as it is.',
    facts: { network: name },
  };
}
