#!/usr/bin/env node
// Checks that every order that was acknowledged (a line in load.mjs's log) is found.
//
//   node verify-acks.mjs --url http://127.0.0.1:8080 --log acks.log
//
// Exit codes: 0 all found, 1 some are lost, 2 usage, 3 not proven: some could not be checked, or the log is empty.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: args } = parseArgs({ options: { url: { type: 'string' }, log: { type: 'string' } } });
if (!args.url || !args.log) {
  console.error('usage: verify-acks.mjs --url URL --log FILE');
  process.exit(2);
}

const PARALLEL = 16;
const ATTEMPTS = 5;
const SHOWN = 20;

const lines = readFileSync(args.log, 'utf8').split('\n').filter(Boolean);
const keys = [...new Set(lines)];
const lost = [];
const unchecked = [];
let found = 0;

const queue = keys.values();
await Promise.all(Array.from({ length: PARALLEL }, checkNext));

console.log(
  JSON.stringify(
    {
      acknowledged: keys.length,
      found,
      lost: lost.length,
      unchecked: unchecked.length,
      lostKeys: lost.slice(0, SHOWN),
      uncheckedKeys: unchecked.slice(0, SHOWN),
    },
    null,
    2,
  ),
);
process.exitCode = lost.length > 0 ? 1 : found === 0 || unchecked.length > 0 ? 3 : 0;

async function checkNext() {
  for (const key of queue) {
    const state = await look(key);
    if (state === 'found') found++;
    else (state === 'lost' ? lost : unchecked).push(key);
  }
}

async function look(key) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const response = await fetch(new URL(`/orders/${encodeURIComponent(key)}`, args.url), {
        signal: AbortSignal.timeout(3000),
      });
      const order = await response.json();
      if (response.status === 200 && order.key === key) return 'found';
      // Only the API's own words count: a 404 from anything else on that port says nothing about the order.
      if (response.status === 404 && order.error === 'no such order') return 'lost';
    } catch {
      // No answer, or not from the API: try again.
    }
    await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
  }
  return 'unchecked';
}
