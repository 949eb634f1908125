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

const PARALLEL = 4;
const AT_ONCE = 100;
const ATTEMPTS = 5;
const SHOWN = 20;

const lines = readFileSync(args.log, 'utf8').split('\n').filter(Boolean);
const keys = [...new Set(lines)];
const lost = [];
const unchecked = [];
let found = 0;

const queue = batches().values();
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

function batches() {
  return Array.from({ length: Math.ceil(keys.length / AT_ONCE) }, (_, n) => keys.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
}

async function checkNext() {
  for (const batch of queue) {
    const there = await look(batch);
    if (there === undefined) unchecked.push(...batch);
    else {
      found += there.size;
      lost.push(...batch.filter((key) => !there.has(key)));
    }
  }
}

// Those of a batch that are there; undefined when the API did not say.
async function look(batch) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const response = await fetch(new URL(`/orders?keys=${batch.map(encodeURIComponent).join(',')}`, args.url), {
        signal: AbortSignal.timeout(3000),
      });
      const answer = await response.json();
      // Only the API's own words count: what anything else on that port says proves nothing about an order.
      if (response.status === 200 && answer.asked === batch.length && Array.isArray(answer.found)) {
        return new Set(batch.filter((key) => answer.found.includes(key)));
      }
    } catch {
      // No answer, or not from the API: try again.
    }
    await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
  }
  return undefined;
}
