import { DockerEngine } from '../../../activities/docker/index.ts';
import { applySqlHandler } from '../../../activities/effects/apply-sql.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import { performWith, type TestTarget } from '../../real/effect-context.ts';

const handler = applySqlHandler({ stores: storeDrivers(new DockerEngine()) });

/** What became of a step of SQL in the store `db`, in the words of a corpus, and what the worker said. */
export async function applyStatement(
  target: TestTarget,
  id: string,
  statement: string,
  transactional: boolean,
): Promise<{ outcome: string; said: string }> {
  const proof = transactional ? {} : { proof: 'select false' };
  const input = { store: 'db', source: { statement }, transactional, expand: false, ...proof };
  try {
    await performWith(handler, target.context('applySql', input, { id }));
    return { outcome: 'allowed', said: '' };
  } catch (error) {
    const { name, message } = error as Error;
    const done = name === 'ValidationMismatch' && message.includes('its proof does not hold');
    return { outcome: done ? 'allowed' : name === 'Protected' ? 'stopped' : 'fails', said: `${name}: ${message}` };
  }
}
