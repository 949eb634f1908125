import { lookAtDocker, lookAtTools } from './docker.ts';
import { missing, ok, type Finding, type Look, type Machine } from './finding.ts';
import { lookAtHome } from './home.ts';
import { lookAtTemporalCli, lookAtTemporalServer } from './temporal.ts';
import { atLeast, versionIn } from './version-order.ts';

/** As package.json says. */
const oldestNode = [20, 3];

const lookAtNode: Look = async () =>
  atLeast(versionIn(process.versions.node), oldestNode)
    ? ok('node', `Node ${process.versions.node}`)
    : missing(
        'node',
        `Node ${process.versions.node} is too old`,
        `Install Node ${oldestNode.join('.')} or newer: https://nodejs.org`,
      );

const looks: readonly Look[] = [
  lookAtNode,
  lookAtDocker,
  lookAtTools,
  lookAtHome,
  lookAtTemporalCli,
  lookAtTemporalServer,
];

/** Looks at everything that Switchback needs on this machine. */
export async function examine(machine: Machine): Promise<Finding[]> {
  return (await Promise.all(looks.map((look) => look(machine)))).flat();
}
