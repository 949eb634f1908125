import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { memorySource, planJsonSchema, readPlanText } from '../../../client/plan-file/index.ts';

const page = await readFile('docs/plan-language.md', 'utf8');

describe('docs/plan-language.md', () => {
  it('speaks of every key that there is', () => {
    const keys = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { properties } = value as { properties?: Record<string, unknown> };
      for (const key of Object.keys(properties ?? {})) keys.add(key);
      for (const inner of Object.values(value)) collect(inner);
    };
    collect(JSON.parse(planJsonSchema()));
    // Words of JSON schema itself are no keys of a plan.
    for (const word of ['properties', 'items', 'required', 'default', 'enum', 'anyOf', 'additionalProperties'])
      keys.delete(word);
    const code = page.match(/```[^]*?```|`[^`\n]+`/g)?.join('\n') ?? '';
    expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(code))).toEqual([]);
  });

  it('begins with a plan that is one', async () => {
    const plan = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
    const stack =
      'services: {a: {image: "a:1"}, b: {image: "a:1"}, c: {image: "a:1"}, d: {image: "a:1"}, e: {image: "a:1"}, f: {image: "a:1"}}\nvolumes: {db_data: }\n';
    const contents = new Map<string, Buffer>(
      [
        ['docker/v1-baseline.yml', stack],
        ['docker/v2-phase-1-api.yml', stack],
        ['docker/.env.v1', 'SHOP_PORT=1'],
        ['docker/.env.v2', 'SHOP_PORT=2'],
        ['schemas/002.sql', 'ALTER TABLE orders ADD COLUMN a int'],
        ['schemas/002.undo.sql', 'SELECT 1'],
      ].map(([name, text]) => [name ?? '', Buffer.from(text ?? '')]),
    );
    const reading = await readPlanText(plan, 'page.yml', () => memorySource('/stack', contents));
    expect(reading.ok ? reading.warnings : reading.issues).toEqual([]);
  });

  it('links to files that exist', async () => {
    for (const name of ['docs/plan-language.md', 'docs/adding-a-step.md', 'docs/decisions/0002-zod-in-the-core.md']) {
      const text = await readFile(name, 'utf8');
      for (const [, link = ''] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
        const target = path.resolve(path.dirname(name), link);
        await expect(import('node:fs/promises').then(({ access }) => access(target))).resolves.toBeUndefined();
      }
    }
  });
});
