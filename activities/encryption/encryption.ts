import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';

/** How a plan's recovery points are encrypted and decrypted. */
export interface Encryption {
  /** Public keys; empty where new points stay plain. */
  to: readonly string[];
  /** Reads the private key, for the time of use; absent where the plan names none. */
  identity?: () => Promise<string>;
}

/** What a plan says of it. Old points are read as they were written, whatever the plan says by now. */
export function encryptionOf(context: {
  plan: Pick<CompiledPlan, 'encrypt'>;
  secret(template: string): Promise<string>;
}): Encryption {
  const { to = [], identity } = context.plan.encrypt ?? {};
  return { to, ...(identity === undefined ? {} : { identity: () => context.secret(identity) }) };
}

/** What stands in the manifest of a point that is about to be written. */
export const encryptedTo = ({ to }: Encryption) => (to.length === 0 ? {} : { encrypted: { to: [...to] } });

/** An encrypted thing, for messages: `recovery point run-1/before`, and the public keys that it was encrypted to. */
export interface Encrypted {
  what: string;
  to: readonly string[];
}

/** What scripts exit with where the key at hand opens nothing: EX_NOPERM and EX_CONFIG of sysexits.h. */
const exits = { noneMatched: 77, unreadable: 78 } as const;

/** Why a script could not decrypt, where that was its key: it says nothing against the point. */
export function keyProblem(error: unknown, { what, to }: Encrypted): SwitchbackError | undefined {
  if (!(error instanceof SwitchbackError) || error.name !== 'StepFailed') return undefined;
  const exitCode = error.facts['exitCode'];
  const keys = to.join(', ');
  if (exitCode === exits.noneMatched) {
    return new SwitchbackError(
      'AccessDenied',
      `${what} is encrypted to ${keys}; the plan’s private key opens none of them`,
      {
        hint: 'Name the private key of one of these under `repository.encrypt.identity`; `age-keygen -y FILE` prints whose a file is.',
        facts: { to: keys },
      },
    );
  }
  if (exitCode === exits.unreadable) {
    return new SwitchbackError(
      'PreconditionFailed',
      `${what} is encrypted to ${keys}; the plan’s private key cannot be read as one`,
      {
        hint: 'It must be a file of `age-keygen`, or a private key of SSH without a passphrase.',
        facts: { to: keys },
      },
    );
  }
  return undefined;
}
