#!/usr/bin/env node
// Sends orders at a steady rate and keeps a log of those that were acknowledged, for verify-acks.mjs.
//
//   node load.mjs --url http://127.0.0.1:8080 --log acks.log (--seconds 30 | --until-file stop) [--rate 50] [--drain 15]
//
// An order that was not acknowledged is sent again with the same key. FILE holds one acknowledged key per line, FILE.failed one JSON
// line per failed attempt. When the time is up (or on SIGINT), open orders get --drain seconds more; then a summary goes to stdout.
import { randomBytes } from 'node:crypto';
import { existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';

const { values: args } = parseArgs({
  options: {
    url: { type: 'string' },
    log: { type: 'string' },
    rate: { type: 'string', default: '50' },
    seconds: { type: 'string' },
    'until-file': { type: 'string' },
    drain: { type: 'string', default: '15' },
  },
});
const url = new URL(args.url ?? usage('--url is missing'));
if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) usage('--url: load is for this machine only');
if (!args.log) usage('--log is missing');
if (!args.seconds && !args['until-file']) usage('--seconds or --until-file is missing');
const rate = positive('rate', 1000);
// A forgotten load client ends by itself.
const seconds = args.seconds ? positive('seconds', 3600) : 3600;
const drainMs = positive('drain', 600) * 1000;

const ATTEMPT_TIMEOUT_MS = 3000;
const RETRY_MS = 200;
const LONGEST_RETRY_MS = 1000;
const MAX_OPEN = 500;
const FLUSH_MS = 50;
const READ_BACK_EVERY = 5;

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const log = openSync(args.log, 'a');
const failedLog = openSync(`${args.log}.failed`, 'a');
const prefix = `o${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
const started = performance.now();

let sent = 0;
let open = 0;
let held = 0;
let failed = 0;
let readBack = 0;
let missing = 0;
let stopping = false;
let deadline = Infinity;
let pending = [];
const failures = {};
const latencies = [];
const gap = { last: started, longestMs: 0 };

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (stopping = true));
const flushing = setInterval(flush, FLUSH_MS);
await sendAll();
await drained();
clearInterval(flushing);
flush();
agent.destroy();
console.log(JSON.stringify(summary(), null, 2));

async function sendAll() {
  const end = started + seconds * 1000;
  for (let tick = 0; !stopping && performance.now() < end; tick++) {
    if (args['until-file'] && existsSync(args['until-file'])) return;
    const wait = started + (tick * 1000) / rate - performance.now();
    if (wait > 0) await sleep(Math.min(wait, 1000));
    // While the service is away orders pile up here only to a limit; the summary says how many were held back.
    if (open >= MAX_OPEN) held++;
    else void order(`${prefix}-${sent++}`);
  }
}

async function order(key) {
  open++;
  const number = Number(key.slice(prefix.length + 1));
  const body = JSON.stringify({ key, customer: `customer-${number % 97}`, amount: ((number % 9000) + 99) / 100 });
  for (let attempt = 1; performance.now() < deadline; attempt++) {
    const began = performance.now();
    const answer = await request('POST', '/orders', body);
    if (answer.status === 201 && answer.body?.key === key) {
      acknowledged(key, performance.now() - began);
      if (number % READ_BACK_EVERY === 0) await read(key);
      break;
    }
    fail(key, attempt, answer, performance.now() - began);
    await sleep(Math.min(RETRY_MS * attempt, LONGEST_RETRY_MS));
  }
  open--;
}

async function drained() {
  deadline = performance.now() + drainMs;
  while (open > 0) await sleep(20);
}

function acknowledged(key, ms) {
  pending.push(key);
  latencies.push(ms);
  const now = performance.now();
  gap.longestMs = Math.max(gap.longestMs, now - gap.last);
  gap.last = now;
}

async function read(key) {
  const { status } = await request('GET', `/orders/${key}`);
  if (status === 200) readBack++;
  if (status === 404) missing++;
}

function fail(key, attempt, answer, ms) {
  failed++;
  const cause = answer.status ? String(answer.status) : answer.error;
  failures[cause] = (failures[cause] ?? 0) + 1;
  writeSync(
    failedLog,
    `${JSON.stringify({ at: new Date().toISOString(), key, attempt, cause, ms: Math.round(ms) })}\n`,
  );
}

function flush() {
  if (pending.length === 0) return;
  writeSync(log, `${pending.join('\n')}\n`);
  fsyncSync(log);
  pending = [];
}

function request(method, path, body) {
  return new Promise((resolve) => {
    const headers = body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {};
    // A deadline for the whole exchange: the socket's own timeout starts anew with each byte.
    const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    const failWith = (error) => resolve({ error: signal.aborted ? 'timeout' : (error.code ?? error.message) });
    const sending = http.request(new URL(path, url), { method, agent, headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', failWith);
      response.on('end', () => resolve({ status: response.statusCode, body: parsed(text) }));
    });
    sending.on('error', failWith);
    sending.end(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function summary() {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return {
    seconds: Math.round((performance.now() - started) / 100) / 10,
    orders: sent,
    acknowledged: sorted.length,
    notAcknowledged: sent - sorted.length,
    failedAttempts: failed,
    failures,
    heldBack: held,
    readBack,
    readBackMissing: missing,
    longestGapMs: Math.round(gap.longestMs),
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: Math.round(sorted.at(-1) ?? 0) },
  };
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function positive(name, most) {
  const value = Number(args[name]);
  return value > 0 && value <= most ? value : usage(`--${name}: a number above 0, at most ${most}`);
}

function usage(problem) {
  console.error(
    `${problem}\nusage: load.mjs --url URL --log FILE (--seconds N | --until-file FILE) [--rate N] [--drain N]`,
  );
  process.exit(2);
}
