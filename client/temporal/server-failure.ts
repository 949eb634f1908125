import { SwitchbackError, type ErrorName } from '../../runbook/errors.ts';

/** gRPC status codes that say something about the way to the server, not about the request. */
const codes: Record<number, { name: ErrorName; says: string; hint: (address: string) => string }> = {
  4: {
    name: 'Unreachable',
    says: 'did not answer in time',
    hint: () =>
      'Look at it with `switchback doctor`: a full disk stops it, too. If it is only slow, try again with a longer --timeout.',
  },
  7: {
    name: 'AccessDenied',
    says: 'refused the request',
    hint: (address) => `Ask whoever runs ${address} for access.`,
  },
  8: { name: 'Busy', says: 'is overloaded', hint: () => 'Try again in a moment.' },
  14: {
    name: 'Unreachable',
    says: 'cannot be reached',
    hint: () => 'Start one with `switchback up`, or name another by --address or TEMPORAL_ADDRESS.',
  },
  16: {
    name: 'AccessDenied',
    says: 'does not know who asks',
    hint: (address) => `Ask whoever runs ${address} for access.`,
  },
};

/** The first gRPC status code in a chain of causes; the client wraps its errors once or twice. */
export function statusCodeOf(error: unknown): number | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'number') return code;
  }
  return undefined;
}

const detailsOf = (error: unknown): string => {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { details } = current as { details?: unknown };
    if (typeof details === 'string' && details !== '') return details;
  }
  return error instanceof Error ? error.message : String(error);
};

/**
 * An error of the way to the server in our words. What the server says about the request itself (not found, already started,
 * an update that was refused) is returned unchanged: the caller knows what it means.
 */
export function asSwitchbackError(
  error: unknown,
  { address, namespace }: { address: string; namespace: string },
  during: 'connect' | 'request' = 'request',
): unknown {
  if (error instanceof SwitchbackError) return error;
  const code = statusCodeOf(error);
  const details = detailsOf(error);
  if (code === 5 && /namespace/i.test(details)) {
    return new SwitchbackError('Unreachable', `the Temporal server ${address} has no namespace ${namespace}`, {
      hint: 'Name another one by --namespace or TEMPORAL_NAMESPACE, or create it with `temporal operator namespace create`.',
    });
  }
  // "no poller seen for task queue recently": a query is refused at once when no worker can answer it.
  if (code === 9 && /poller/i.test(details)) {
    return new SwitchbackError('Unreachable', 'no worker answers for this run', {
      hint: 'Start one with `switchback up` or `switchback worker`.',
    });
  }
  const known = codes[code ?? (during === 'connect' ? 14 : -1)];
  if (!known) return error;
  return new SwitchbackError(
    known.name,
    `the Temporal server ${address} ${known.says}`,
    { hint: known.hint(address) },
    { cause: error },
  );
}
