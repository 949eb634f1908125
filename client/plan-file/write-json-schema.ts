import { writeFile } from 'node:fs/promises';
import { planJsonSchema } from './json-schema.ts';

/** Run by the build, from the project's root. A test fails when the file in the repository is older than the schema. */
await writeFile('docs/plan.schema.json', planJsonSchema());
