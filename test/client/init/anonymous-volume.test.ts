import { describe, expect, it } from '@jest/globals';

import type { AskDocker } from '../../../client/init/ask-docker.ts';
import { dangersIn } from '../../../client/init/dangers.ts';
import { lookAtEngine } from '../../../client/init/look-at-engine.ts';
import { sketchStack } from '../../../client/init/stack-sketch.ts';

/** An image that keeps its data at `/var/lib/postgresql/data`, and a named volume that is mounted somewhere. */
async function dangersWithVolumeAt(target: string) {
  const services = { db: { image: 'database:1', volumes: [{ type: 'volume', source: 'dbdata', target }] } };
  const written = { services, volumes: { dbdata: {} } };
  const sketch = sketchStack({ project: 'shop', written, ports: [], profiles: [] });
  const docker: AskDocker = async ([verb]) => ({
    out: verb === 'image' ? JSON.stringify({ Volumes: { '/var/lib/postgresql/data': {} } }) : '',
    said: '',
  });
  await lookAtEngine(docker, sketch);
  return dangersIn(sketch, '/stack').filter((danger) => danger.startsWith('volumes without a name'));
}

describe('the volume of an image', () => {
  it('has no name where a named one is mounted above it: Docker makes another', async () => {
    expect(await dangersWithVolumeAt('/var/lib/postgresql')).toEqual([
      expect.stringContaining('volumes without a name: db (/var/lib/postgresql/data)'),
    ]);
  });

  it('is the named one that is mounted at its very path', async () => {
    expect(await dangersWithVolumeAt('/var/lib/postgresql/data')).toEqual([]);
    expect(await dangersWithVolumeAt('/var/lib/postgresql/data/')).toEqual([]);
  });
});
