import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';

import { runCheck } from '../../../activities/checks/index.ts';
import type { Instruments } from '../../../activities/checks/index.ts';
import type { Check } from '../../../runbook/checks.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
}
const check = (url: string, more: Partial<Extract<Check, { kind: 'http' }>> = {}) =>
  runCheck({ kind: 'http', url, status: 200, underMs: 2000, ...more }, {} as Instruments, new AbortController().signal);
const answer = (status: number, body = 'ok') => serve((_request, response) => response.writeHead(status).end(body));

describe('an http check', () => {
  it('[M7] is successful on the expected status, in time, with what the body must contain', async () => {
    const url = await answer(200, '{"status":"ok","items":3}');
    expect(await check(url)).toMatchObject({ verdict: 'successful', check: `GET ${url} answers 200 in under 2000 ms` });
    expect(await check(url, { body: '"status":"ok"' })).toMatchObject({ verdict: 'successful' });
    expect(await check(url, { body: '/ITEMS":\\d/i' })).toMatchObject({ verdict: 'successful' });
    expect(await check(await answer(503), { status: 503 })).toMatchObject({ verdict: 'successful' });
  });

  it('uses the method that it was given, on a new connection each time', async () => {
    const seen: string[] = [];
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      seen.push(request.method ?? '');
      ports.add(request.socket.remotePort);
      response.end();
    });
    await check(url, { method: 'HEAD' });
    await check(url);
    expect(seen).toEqual(['HEAD', 'GET']);
    expect(ports.size).toBe(2);
  });

  it('does not follow a redirect', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { location: '/ok' }).end());
    expect(await check(url)).toMatchObject({ verdict: 'failed', detail: 'status 302, expected 200' });
  });

  it('fails on another status', async () => {
    expect(await check(await answer(500))).toMatchObject({ verdict: 'failed', detail: 'status 500, expected 200' });
  });

  it('fails on another body, by text and by expression', async () => {
    const url = await answer(200, 'degraded');
    expect(await check(url, { body: 'ok' })).toMatchObject({
      verdict: 'failed',
      detail: expect.stringContaining('"degraded"'),
    });
    expect(await check(url, { body: '/^ok$/' })).toMatchObject({ verdict: 'failed' });
  });

  it('fails on an answer that does not come in time, and on one that never ends', async () => {
    const silent = await serve(() => undefined);
    expect(await check(silent, { underMs: 50 })).toMatchObject({ verdict: 'failed', detail: 'no answer within 50 ms' });
    const endless = await serve((_request, response) => response.writeHead(200).write('a'));
    expect(await check(endless, { underMs: 50 })).toMatchObject({ verdict: 'failed' });
  });

  it('fails where nobody listens, and where the connection breaks', async () => {
    const url = await answer(200);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await check(url)).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('ECONNREFUSED') });
    const rude = await serve((request) => request.socket.destroy());
    expect(await check(rude)).toMatchObject({ verdict: 'failed' });
  });

  it('is an error, not a failure, where it cannot be measured', async () => {
    expect(await check('http://no-such-host.invalid/')).toMatchObject({ verdict: 'error' });
    expect(await check('not a url')).toMatchObject({ verdict: 'error' });
    expect(await check(await answer(200), { body: '/(/' })).toMatchObject({ verdict: 'error' });
  });

  it('ends at once when it is cancelled, with the reason', async () => {
    const cancelled = new AbortController();
    const url = await serve(() => cancelled.abort(new Error('stop it')));
    const asked = runCheck({ kind: 'http', url, status: 200, underMs: 60_000 }, {} as Instruments, cancelled.signal);
    await expect(asked).rejects.toThrow('stop it');
  });
});
