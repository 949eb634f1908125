import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { Measure } from './measurement.ts';
import { onAbort } from '../on-abort.ts';

/** As much of an answer as is read: what a check looks for stands at its beginning. */
const bodyLimit = 1024 * 1024;

/**
 * One request on a connection of its own (a kept one would not notice a listener that has gone), redirects not followed. No answer,
 * a refused or broken connection, another status, another body or too slow: `failed`. A name that cannot be resolved: `error`.
 */
export const checkHttp: Measure<'http'> = async (check, instruments, signal) => {
  const matches = matcher(check.body);
  const url = (await instruments.reach?.(check.url, signal)) ?? check.url;
  const began = performance.now();
  const answer = await ask(url, check.method ?? 'GET', check.underMs, signal);
  const tookMs = Math.round(performance.now() - began);
  if ('failure' in answer) return { verdict: 'failed', detail: answer.failure };
  const problems = [
    ...(answer.status === check.status ? [] : [`status ${answer.status}, expected ${check.status}`]),
    ...(tookMs < check.underMs ? [] : [`took ${tookMs} ms, limit ${check.underMs} ms`]),
    ...(matches(answer.body) ? [] : [`the body has no ${check.body}: ${JSON.stringify(answer.body.slice(0, 120))}`]),
  ];
  if (problems.length > 0) return { verdict: 'failed', detail: problems.join('; ') };
  return { verdict: 'successful', detail: `status ${answer.status} in ${tookMs} ms` };
};

/** `/…/` and `/…/i` is a regular expression; anything else is a text that the body contains. */
function matcher(wanted: string | undefined): (body: string) => boolean {
  if (wanted === undefined) return () => true;
  const expression = /^\/(.+)\/([a-z]*)$/s.exec(wanted);
  if (!expression) return (body) => body.includes(wanted);
  try {
    const pattern = new RegExp(expression[1]!, expression[2]);
    return (body) => pattern.test(body);
  } catch (error) {
    throw new SwitchbackError('PlanInvalid', `${wanted} is not a regular expression`, {}, { cause: error });
  }
}

type Answer = { status: number; body: string } | { failure: string };

/** What cannot be measured, as against what answers badly. */
const notMeasured = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ERR_INVALID_URL', 'EMFILE', 'ENETUNREACH']);

function ask(url: string, method: string, underMs: number, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, { method, agent: false });
    const finish = (answer: Answer) => {
      clearTimeout(timer);
      leave();
      request.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish({ failure: `no answer within ${underMs} ms` }), underMs);
    const leave = onAbort(signal, () => {
      clearTimeout(timer);
      request.destroy();
      reject(signal.reason as Error);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (!notMeasured.has(error.code ?? '')) {
        finish({ failure: error.message || (error.code ?? 'no connection') });
        return;
      }
      clearTimeout(timer);
      reject(new SwitchbackError('Unreachable', `${method} ${url}: ${error.message}`, {}, { cause: error }));
    });
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      const pieces: Buffer[] = [];
      let length = 0;
      const end = () => finish({ status, body: Buffer.concat(pieces).toString('utf8') });
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        length += piece.length;
        if (length >= bodyLimit) end();
      });
      response.on('end', end);
      response.on('error', (error) => finish({ failure: `the answer broke off: ${error.message}` }));
    });
    request.end();
  });
}
