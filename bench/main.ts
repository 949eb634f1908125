import { backup } from './backup.ts';
import { lint } from './lint.ts';
import { longLife } from './long-life.ts';
import { overhead } from './overhead.ts';
import { unchanged } from './unchanged.ts';

/** All benchmarks by name; `npm run bench -- NAME` runs one. Each compares with a named baseline in the same run. */
const benchmarks: Record<string, () => Promise<void>> = { overhead, 'long-life': longLife, backup, unchanged, lint };

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(benchmarks)) {
  const benchmark = benchmarks[name];
  if (!benchmark) throw new Error(`there is no benchmark ${name}; there are: ${Object.keys(benchmarks).join(', ')}`);
  process.stdout.write(`\n${name}\n`);
  await benchmark();
}
