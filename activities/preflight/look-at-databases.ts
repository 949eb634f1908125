import { describeUncovered, uncoveredDatabases } from '../../runbook/databases-of-servers.ts';
import { plural } from '../../runbook/plural.ts';
import { sightServers } from '../stores/sight-servers.ts';
import { holds, lacks, type Look } from './look.ts';

/** What is beside a store's database in its server is data, too: another application's, perhaps, which goes back with nobody. */
export const lookAtDatabases: Look<'databases'> = async ({ stores, servers, volumes }, surroundings) => {
  const sights = await sightServers([...new Set([...stores, ...servers])], surroundings);
  const uncovered = uncoveredDatabases(
    sights.map((sight) => ({
      ...sight,
      whole: servers.includes(sight.store) || (sight.volume !== undefined && volumes.includes(sight.volume)),
    })),
  );
  if (uncovered.length === 0) return holds(`the backups have all databases of ${plural(sights.length, 'store')}`);
  const [first] = uncovered;
  const volume = sights.find(({ store }) => store === first?.stores[0])?.volume;
  return lacks(
    `${uncovered.map(describeUncovered).join(' and ')} in no backup of this phase`,
    `Give each a store of its own in \`stores\` and in the phase's \`backup\`, take this one by \`method: physical\`${
      volume === undefined ? '' : `, or add \`{ volume: ${volume}, quiesce: stop }\``
    }.`,
  );
};
