import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { planJsonSchema } from '../../../client/plan-file/index.ts';

describe('docs/plan.schema.json', () => {
  it('is what the schema in the code generates', async () => {
    // If this fails: npm run build writes it anew.
    expect(await readFile('docs/plan.schema.json', 'utf8')).toBe(planJsonSchema());
  });

  it('says of every key what it is for: hints of messages come from there', () => {
    const silent: string[] = [];
    const look = (schema: Record<string, unknown>, path: string): void => {
      for (const [key, value] of Object.entries(
        (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        const at = `${path}.${key}`;
        if (typeof value['description'] !== 'string') silent.push(at);
        look(value, at);
      }
      for (const option of (schema['anyOf'] ?? []) as Record<string, unknown>[]) look(option, path);
      for (const inner of ['items', 'additionalProperties']) {
        const value = schema[inner];
        if (typeof value === 'object' && value !== null) look(value as Record<string, unknown>, `${path}[]`);
      }
    };
    look(JSON.parse(planJsonSchema()) as Record<string, unknown>, '');
    expect(silent).toEqual([]);
  });
});
