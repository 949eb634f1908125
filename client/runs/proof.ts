import type { Check } from '../../runbook/checks.ts';
import type { ProofOptions } from '../command-line/proof-options.ts';
import { UsageError } from '../command-line/usage-error.ts';

/** Checks as an operator types them. @throws UsageError when there is none, or one cannot be read */
export function proofs({ proofHttp = [], proofSql = [], proofRun = [], proofServices = [] }: ProofOptions): Check[] {
  const checks = [
    ...proofHttp.map(httpProof),
    ...proofSql.map(sqlProof),
    ...proofRun.map(runProof),
    ...proofServices.map(servicesProof),
  ];
  if (checks.length === 0) {
    throw new UsageError(
      'nothing proves that it was done',
      'Add one of --proof-http, --proof-sql, --proof-run, --proof-services.',
    );
  }
  return checks;
}

function httpProof(text: string): Check {
  const match = /^(?:([1-5]\d\d)\s+)?(https?:\/\/\S+)$/.exec(text.trim());
  if (!match)
    throw new UsageError(
      `--proof-http ${JSON.stringify(text)} is not an address`,
      'Write it like "200 http://127.0.0.1:8090/health".',
    );
  return { kind: 'http', url: match[2]!, status: Number(match[1] ?? 200), underMs: 10_000 };
}

function sqlProof(text: string): Check {
  const match = /^\s*([\w-]+)\s*:([\s\S]+)=>([\s\S]*)$/.exec(text);
  if (!match)
    throw new UsageError(
      `--proof-sql ${JSON.stringify(text)} cannot be read`,
      'Write it like "orders: select count(*) from orders => 5".',
    );
  // The last arrow divides: a query may well hold one in a string.
  return { kind: 'sql', store: match[1]!, query: match[2]!.trim(), expect: match[3]!.trim() };
}

function runProof(text: string): Check {
  const match = /^\s*([\w.-]+)\s*:\s*([\s\S]+)$/.exec(text);
  if (!match)
    throw new UsageError(
      `--proof-run ${JSON.stringify(text)} cannot be read`,
      'Write it like "api: /bin/check --all".',
    );
  return { kind: 'run', service: match[1]!, argv: words(match[2]!, text), exitCode: 0, timeoutSeconds: 60 };
}

function servicesProof(text: string): Check {
  if (!/^\d{1,4}$/.test(text))
    throw new UsageError(`--proof-services ${JSON.stringify(text)} is not a number of services`, 'Write it like 6.');
  return { kind: 'services', count: Number(text), healthy: true };
}

/** Splits at blanks, except inside quotes: enough for a command, and no shell will see it. */
function words(command: string, typed: string): string[] {
  const found: string[] = [];
  let rest = command.trim();
  while (rest !== '') {
    const match = /^(?:'[^']*'|"[^"]*"|[^\s'"])+/.exec(rest);
    if (!match) throw new UsageError(`--proof-run ${JSON.stringify(typed)} has a quote that is not closed`);
    found.push(
      match[0].replace(
        /'([^']*)'|"([^"]*)"/g,
        (_all, single: string | undefined, double: string | undefined) => single ?? double ?? '',
      ),
    );
    rest = rest.slice(match[0].length).trimStart();
  }
  return found;
}
