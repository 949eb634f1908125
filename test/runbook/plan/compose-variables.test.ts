import { describe, expect, it } from '@jest/globals';
import { variablesIn } from '../../../runbook/plan/index.ts';

describe('variables of a Compose file that need a value', () => {
  it.each<[string, string[]]>([
    ['${A}', ['A']],
    ['$A and ${B}:$C', ['A', 'B', 'C']],
    ['${A?}', ['A!']],
    ['${A:?set it, e.g. ${B}}', ['A!']],
    ['${A:-x}', []],
    ['${A-}', []],
    ['${A:-${B:?c}}${D}', ['D']],
    ['${A:+${B}}', []],
    ['$$A $${B} cost 5$ and $1', []],
    ['${A:-{"json": 1}}${B}', ['B']],
    ['${A:-no end', []],
  ])('%s', (text, names) => {
    expect(variablesIn(text).map(({ name, required }) => (required ? `${name}!` : name))).toEqual(names);
  });

  it('are found in every text, each once, and are required where one place requires them', () => {
    const part = { image: 'a:${TAG}', environment: ['X=${TAG:?}', { y: '${Y}' }], ports: [80, null] };
    expect(variablesIn(part)).toEqual([
      { name: 'TAG', required: true },
      { name: 'Y', required: false },
    ]);
  });
});
