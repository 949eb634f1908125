import { readFileSync, readdirSync } from 'node:fs';
import { Instrumenter } from '@stryker-mutator/instrumenter';

const quiet = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };

/** All mutants of workflows/*.ts, as Stryker makes them; those of words alone are left out, since no decision depends on them. */
export async function allMutants() {
  const files = readdirSync('workflows')
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => ({ name: `workflows/${file}`, mutate: true, content: readFileSync(`workflows/${file}`, 'utf8') }));
  const options = { plugins: null, excludedMutations: ['StringLiteral'], ignorers: [], noHeader: true };
  const { mutants } = await new Instrumenter(quiet).instrument(files, options);
  return mutants.filter(({ status }) => status !== 'Ignored');
}

/** @returns so many of them, the same ones for the same seed */
export function sampleOf(mutants, count, seed) {
  const random = randomFrom(seed);
  const left = [...mutants];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(Math.floor(random() * left.length), 1)[0],
  );
}

/** Text with one mutant in it. */
export function mutated(source, { location: { start, end }, replacement }) {
  const lines = source.split('\n');
  const offset = ({ line, column }) => lines.slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + column;
  return source.slice(0, offset(start)) + replacement + source.slice(offset(end));
}

function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
