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
  });

  it('is nothing of a mount: its folder, what leads to it, and what is below it', () => {
    const changes = [modified('/var'), modified('/var/lib'), added('/var/lib/data'), added('/var/lib/data/x')];
    expect(dataInLayer(changes, ['/var/lib/data'])).toEqual([]);
    expect(dataInLayer([...changes, added('/var/lib/data2')], ['/var/lib/data'])).toEqual(['/var/lib/data2']);
  });
});
