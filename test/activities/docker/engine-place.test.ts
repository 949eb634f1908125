import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { connectionTo, dockerEnvironment, enginePlace } from '../../../activities/docker/engine-place.ts';

let home: string;
const docker = (path: string) => join(home, '.docker', path);
const id = (context: string) => createHash('sha256').update(context).digest('hex');

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'switchback-contexts-'));
  mkdirSync(docker(''), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function context(name: string, meta: object): void {
  mkdirSync(docker(`contexts/meta/${id(name)}`), { recursive: true });
  writeFileSync(docker(`contexts/meta/${id(name)}/meta.json`), JSON.stringify({ Name: name, ...meta }));
}
const choose = (name: string) => writeFileSync(docker('config.json'), JSON.stringify({ currentContext: name }));

describe('the engine of a machine', () => {
  it('is the one at the usual socket where nothing says otherwise', () => {
    expect(enginePlace({ HOME: home })).toMatchObject({
      host: expect.stringMatching(/^unix:\/\/.*docker\.sock$/),
      from: 'default',
    });
    writeFileSync(docker('config.json'), 'no json');
    expect(enginePlace({ HOME: home }).from).toBe('default');
    choose('default');
    expect(enginePlace({ HOME: home }).from).toBe('default');
  });

  it('is that of the context that was chosen, and of DOCKER_CONTEXT before it, and of DOCKER_HOST before both', () => {
    context('rootless', { Endpoints: { docker: { Host: 'unix:///run/user/1000/docker.sock' } } });
    context('far', { Endpoints: { docker: { Host: 'tcp://10.0.0.1:2375' } } });
    choose('rootless');
    const place = enginePlace({ HOME: home });
    expect(place).toEqual({ host: 'unix:///run/user/1000/docker.sock', from: 'context rootless' });
    expect(connectionTo(place)).toEqual({ socketPath: '/run/user/1000/docker.sock' });
    const far = enginePlace({ HOME: home, DOCKER_CONTEXT: 'far' });
    expect(connectionTo(far)).toEqual({ protocol: 'http', host: '10.0.0.1', port: '2375' });
    expect(enginePlace({ HOME: home, DOCKER_CONTEXT: 'default' }).from).toBe('default');
    expect(enginePlace({ HOME: home, DOCKER_CONTEXT: 'far', DOCKER_HOST: 'unix:///x' })).toEqual({
      host: 'unix:///x',
      from: 'DOCKER_HOST',
    });
    expect(enginePlace({ HOME: '/none', DOCKER_CONFIG: docker('') }).from).toBe('context rootless');
  });

  it('is reached with the certificates of its context, by all of us', () => {
    context('tls', { Endpoints: { docker: { Host: 'tcp://10.0.0.1', SkipTLSVerify: false } } });
    const folder = docker(`contexts/tls/${id('tls')}/docker`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ca.pem'), 'CA');
    const environment = { HOME: home, DOCKER_CONTEXT: 'tls', PATH: '/bin', DB_PASSWORD: 'secret' };
    const place = enginePlace(environment);
    expect(connectionTo(place)).toEqual({ protocol: 'https', host: '10.0.0.1', port: 2376, ca: 'CA' });
    // Nothing else of the environment, the context's name least of all: it may be another one by then.
    expect(dockerEnvironment(environment, place.host)).toEqual({
      ...{ HOME: home, PATH: '/bin', DOCKER_HOST: 'tcp://10.0.0.1' },
      ...{ DOCKER_CERT_PATH: folder, DOCKER_TLS_VERIFY: '1' },
    });
  });

  it('is refused by the name of a context that is not there, or is of another kind', () => {
    choose('gone');
    expect(() => enginePlace({ HOME: home })).toThrow('the Docker context gone is not there');
    context('kube', { Endpoints: { kubernetes: {} } });
    expect(() => enginePlace({ HOME: home, DOCKER_CONTEXT: 'kube' })).toThrow(
      'the Docker context kube names no Docker engine',
    );
  });
});
