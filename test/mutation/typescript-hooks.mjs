import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

// Hooks of Node's module loader: TypeScript as jest.config.mjs reads it, and Jest's globals without Jest around them.

const globals = new URL('./jest-globals.mjs', import.meta.url).href;
/** What was compiled, by path: it is loaded again and again. */
const compiled = new Map();

/** A module that is loaded as `…?load=N` loads what it imports of the project as `…?load=N` too: all of it afresh. */
export async function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
  const found = await next(specifier, context);
  const load = /\?load=\d+$/.exec(context.parentURL ?? '')?.[0];
  return load && found.url.endsWith('.ts') ? { ...found, url: found.url + load } : found;
}

export async function load(url, context, next) {
  const path = url.startsWith('file:') ? fileURLToPath(url.replace(/\?.*/, '')) : '';
  if (!path.endsWith('.ts') || path.includes('/node_modules/')) return next(url, context);
  if (!compiled.has(path)) {
    const { code } = await transform(await readFile(path, 'utf8'), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
      sourceMaps: false,
      swcrc: false,
    });
    compiled.set(path, code);
  }
  return { format: 'module', source: compiled.get(path), shortCircuit: true };
}
