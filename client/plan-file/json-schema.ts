import { z } from 'zod';
import { planSchema } from '../../runbook/plan/index.ts';

/** The plan's schema for editors: what may be written, before defaults and units are applied. */
export function planJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(planSchema, { io: 'input', target: 'draft-2020-12' });
  const titled = {
    $schema,
    title: 'A Switchback plan',
    description: 'The reference is docs/plan-language.md.',
    ...schema,
  };
  return `${JSON.stringify(titled, null, 2)}\n`;
}
