import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { addEveryOption } from '../../client/command-line/every-option.ts';
import { verbs } from '../../client/verbs/index.ts';

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('docs/cli.md', () => {
  const sections = new Map(
    page('cli.md')
      .split(/^### /m)
      .slice(1)
      .map((section) => [/^`([\w-]+)/.exec(section)?.[1] ?? '', section]),
  );

  it('has a section for every verb and no other', () => {
    expect([...sections.keys()].sort()).toEqual(verbs.map((verb) => verb.name).sort());
  });

  it.each(verbs.map((verb) => [verb.name, verb] as const))('names every option of %s', (name, verb) => {
    const command = verb.declare?.(new Command()) ?? new Command();
    const missing = command.options
      .map((option) => option.long ?? '')
      .filter((long) => !sections.get(name)?.includes(long));
    expect(missing).toEqual([]);
  });

  it('names every option that all verbs take', () => {
    const missing = addEveryOption(new Command())
      .options.map((option) => option.long ?? '')
      .filter((long) => !page('cli.md').includes(`\`${long}`));
    expect(missing).toEqual([]);
  });
});
