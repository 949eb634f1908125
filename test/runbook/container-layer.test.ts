import { describe, expect, it } from '@jest/globals';
import { dataInLayer, type LayerChange } from '../../runbook/container-layer.ts';

const added = (path: string): LayerChange => ({ path, kind: 'added' });
const modified = (path: string): LayerChange => ({ path, kind: 'modified' });

describe('what a container holds in its own layer', () => {
  it('is the files that were added or changed, without the folders that they are in', () => {
    const changes = [
      modified('/opt'),
      added('/opt/.flows'),
      added('/opt/.flows/history.db'),
      modified('/etc/app.conf'),
    ];
    expect(dataInLayer([...changes, modified('/etc')], [])).toEqual(['/etc/app.conf', '/opt/.flows/history.db']);
  });

  it('is nothing that each start writes, that the engine makes, or that was only deleted', () => {
    const passing = ['/tmp/x', '/run/app.pid', '/var/run/x', '/var/cache/apt/y', '/sbin/docker-init', '/dev/console'];
    expect(dataInLayer([...passing.map(added), { path: '/etc/motd', kind: 'deleted' }], [])).toEqual([]);
    expect(dataInLayer([modified('/var'), modified('/var/cache'), added('/var/cache/y')], [])).toEqual([]);
    expect(dataInLayer([added('/tmpfiles/x'), added('/runs')], [])).toEqual(['/runs', '/tmpfiles/x']);
    const engines = ['/.dockerenv', '/usr/sbin/docker-init', '/run', '/proc', '/sys/x', '/var/run'];
    expect(dataInLayer(engines.map(added), [])).toEqual([]);
    // Names that only look like those.
    const own = ['/.dockerenv2', '/app/tmp/x', '/opt/.dockerenv', '/sbin/docker-init2', '/xsbin/docker-init', '/x/run'];
    expect(dataInLayer(own.map(added), [])).toEqual([...own].sort());
  });

  it('is nothing of a mount: its folder, what leads to it, and what is below it', () => {
    const changes = [modified('/var'), modified('/var/lib'), added('/var/lib/data'), added('/var/lib/data/x')];
    expect(dataInLayer(changes, ['/var/lib/data'])).toEqual([]);
    expect(dataInLayer([...changes, added('/var/lib/data2')], ['/var/lib/data'])).toEqual(['/var/lib/data2']);
    expect(dataInLayer([added('/app.conf'), added('/app.conf2')], ['/app.conf'])).toEqual(['/app.conf2']);
    expect(dataInLayer([added('/data/x'), added('/data2')], ['/data/'])).toEqual(['/data2']);
  });

  it('is a file in each folder, however deep, and no folder above it', () => {
    const deep = ['/a', '/a/b', '/a/b/c', '/a/b/c/d', '/a/x'];
    expect(dataInLayer(deep.map(added), [])).toEqual(['/a/b/c/d', '/a/x']);
  });
});
