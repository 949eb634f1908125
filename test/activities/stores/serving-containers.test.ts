import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';

import { servingContainers } from '../../../activities/stores/serving-containers.ts';

const label = (name: string) => `com.docker.compose.${name}`;

function container(service: string, more: { ip?: string; port?: number; needs?: string; network?: string } = {}) {
  return {
    Id: service,
    Labels: { [label('project')]: 'shop', [label('service')]: service, [label('depends_on')]: more.needs ?? '' },
    NetworkSettings: { Networks: { [more.network ?? 'shop_default']: { IPAddress: more.ip ?? '' } } },
    Ports: more.port === undefined ? [] : [{ PrivatePort: 5432, PublicPort: more.port, Type: 'tcp' }],
  } as unknown as Docker.ContainerInfo;
}
const stack = [
  container('db', { ip: '172.20.0.2' }),
  container('pool', { ip: '172.20.0.3', port: 6432, needs: 'db:service_healthy:false' }),
  container('api', { ip: '172.20.0.4', port: 8080, needs: 'pool:service_started:false,cache:service_started:true' }),
  container('cache', { ip: '172.20.0.5' }),
];

describe('containers that serve a store', () => {
  it.each([
    ['by a published port, with what it depends on', { host: '127.0.0.1', port: 6432 }, ['db', 'pool']],
    ['by its own address', { host: '172.20.0.2', port: 5432 }, ['db']],
    ['by its id, whatever the port', { host: '172.20.0.9', port: 1, container: 'cache' }, ['cache']],
    ['none for a store outside', { host: '192.0.2.1', port: 5432 }, []],
    ['none for a name that nobody knows', { host: 'db.invalid', port: 5432 }, []],
  ])('are found %s', async (_how, place, expected) => {
    expect([...(await servingContainers(stack, [place]))].sort()).toEqual(expected);
  });

  it('count on the network of the host, where no port shows', async () => {
    const found = await servingContainers([container('db', { network: 'host' })], [{ host: '127.0.0.1', port: 5432 }]);
    expect([...found]).toEqual(['db']);
  });
});
