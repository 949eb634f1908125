import { describe, expect, it } from '@jest/globals';
import { guardPath, pathReaches } from '../../../runbook/guard/index.ts';

describe('[K9] paths of steps', () => {
  it.each([
    ['data', 'data'],
    ['data', 'data/kafka/log'],
    ['data/kafka/log', 'data/kafka'],
    ['.', 'data'],
    ['./data/', 'data'],
    ['src/../data', 'data'],
    ['*', 'data'],
    ['**', 'data/kafka'],
    ['**/log', 'data/kafka/log'],
    ['d?ta', 'data'],
    ['d[abc]ta', 'data'],
    ['*/kafka', 'data/kafka'],
    ['da*', 'data/kafka'],
    ['data/*', 'data/kafka'],
    // Git's stars run over slashes.
    ['*.ts', 'data'],
    ['d*g', 'data/kafka/log'],
  ])('%s reaches %s', (pattern, path) => {
    expect(pathReaches(pattern, path)).toBe(true);
  });

  it.each([
    ['src', 'data'],
    ['database', 'data'],
    ['data/spark', 'data/kafka'],
    ['src/*', 'data/kafka'],
    ['d?', 'data'],
  ])('%s does not reach %s', (pattern, path) => {
    expect(pathReaches(pattern, path)).toBe(false);
  });

  it('refuses protected, active and own files', () => {
    const messages = (path: string) =>
      guardPath(path, [{ path: 'data' }, { volume: 'v' }], ['docker-compose.yml']).map(({ message }) => message);
    expect(messages('data/x')).toEqual(['`data/x` reaches `data`, which is protected']);
    expect(messages('.git/hooks')).toEqual(['`.git/hooks` is inside .git']);
    expect(messages('.switchback')).toEqual(['`.switchback` is inside .switchback']);
    expect(messages('docker-compose.yml')).toEqual([
      '`docker-compose.yml` reaches `docker-compose.yml`, the active file that only checkpoints replace',
    ]);
    expect(messages('*.yml')).toHaveLength(2);
    expect(messages('src')).toEqual([]);
  });
});
