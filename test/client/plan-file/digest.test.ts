import { describe, expect, it } from '@jest/globals';
import { loadFiles, memorySource } from '../../../client/plan-file/load-files.ts';

describe('the digest that approvals bind to', () => {
  const named = [
    { path: 'docker/v1.yml', use: 'compose' as const, named: ['baseline', 'compose'] },
    { path: 'docker/.env.v1', use: 'env' as const, named: ['baseline', 'env'] },
  ];
  const digestOf = async (plan: string, compose: string, env: string) => {
    const contents = new Map([
      ['docker/v1.yml', Buffer.from(compose)],
      ['docker/.env.v1', Buffer.from(env)],
    ]);
    return (await loadFiles(named, memorySource('/stack', contents), plan, '/stack')).files.digest;
  };

  it('is another one when the plan, a Compose file or an env file is another one', async () => {
    const compose = 'services: { web: { image: a } }\n';
    const digests = await Promise.all([
      digestOf('plan', compose, 'PASSWORD=one\n'),
      digestOf('plan', compose, 'PASSWORD=two\n'),
      digestOf('plan', compose.replace('a }', 'b }'), 'PASSWORD=one\n'),
      digestOf('other', compose, 'PASSWORD=one\n'),
    ]);
    expect(new Set(digests).size).toBe(4);
    expect(await digestOf('plan', compose, 'PASSWORD=one\n')).toBe(digests[0]);
  });
});
