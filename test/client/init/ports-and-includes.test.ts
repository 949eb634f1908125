import { describe, expect, it } from '@jest/globals';

import type { AskDocker } from '../../../client/init/ask-docker.ts';
import { lookAtEngine } from '../../../client/init/look-at-engine.ts';
import { includedEnvFiles, putTogether } from '../../../client/init/put-together.ts';
import { recogniseHttp } from '../../../client/init/recognise-http.ts';
import { sketchStack } from '../../../client/init/stack-sketch.ts';

const sketch = () =>
  sketchStack({
    project: 'shop',
    written: {
      services: {
        web: {
          image: 'web:1',
          ports: ['127.0.0.1:18100-18105:8080'],
          healthcheck: { test: ['CMD', 'curl', 'http://localhost:8080/health'] },
        },
      },
    },
    ports: [],
    profiles: [],
  });

describe('a range of ports', () => {
  it('is asked at its first one, which Docker takes first', () => {
    expect(sketch().services.flatMap(recogniseHttp)).toEqual([
      { service: 'web', url: 'http://127.0.0.1:18100/health', known: true },
    ]);
  });

  it('is asked at the one that the container has', async () => {
    const found = sketch();
    const docker: AskDocker = async ([verb]) => {
      const out = { ps: 'abc web', port: '127.0.0.1:18103\n', diff: '', image: 'null' }[verb ?? ''] ?? '';
      return { out, said: '' };
    };
    await lookAtEngine(docker, found);
    expect(found.services.flatMap(recogniseHttp)[0]?.url).toBe('http://127.0.0.1:18103/health');
  });
});

describe('an include with an env file of its own', () => {
  const documents = [
    {
      include: [
        'plain.yml',
        { path: 'inc/base.yml', env_file: 'inc/.env.inc' },
        { path: ['a', 'b'], env_file: ['c', 'd'] },
      ],
    },
    { services: {} },
  ];

  it('is found', () => {
    expect(includedEnvFiles(documents)).toEqual([
      { path: 'inc/base.yml', env: ['inc/.env.inc'] },
      { path: 'a, b', env: ['c', 'd'] },
    ]);
    expect(includedEnvFiles([null, {}, { include: ['x'] }])).toEqual([]);
  });

  it('is named where the files cannot be put into one, with what to do', async () => {
    let asked = 0;
    const docker: AskDocker = async (argv) => {
      if (argv.includes('--no-interpolate')) return { out: 'services: { cache: { image: "c:1" } }\n', said: '' };
      asked += 1;
      return {
        out: JSON.stringify({ services: { cache: { image: 'c:1', environment: { SIZE: `${asked}` } } } }),
        said: '',
      };
    };
    const files = { compose: ['docker-compose.yml'], env: '.env', profiles: [] };
    const project = { docker, directory: '/stack', files, name: 'shop' };
    await expect(putTogether(project, {}, includedEnvFiles(documents))).rejects.toMatchObject({
      name: 'Unsupported',
      message: expect.stringContaining('inc/base.yml (inc/.env.inc)'),
      hint: expect.stringMatching(/Copy the variables of inc\/\.env\.inc, c, d into \.env/),
    });
  });
});
