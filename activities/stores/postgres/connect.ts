import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoreUse } from '../store.ts';
import { inDatabase, type Address } from './address.ts';
import { applicationName } from './application-name.ts';
import { Session, type SessionOptions } from './session.ts';

/** How sessions of one attempt are opened. */
export const sessionOptions = (use: StoreUse, purpose: SessionOptions['for']): SessionOptions => ({
  label: `store ${use.store}`,
  applicationName: applicationName(use),
  signal: use.signal,
  statementTimeoutMs: use.timeoutMs,
  for: purpose,
});

/** A session beside the store's own database: to make, rename and drop databases. */
export async function openAdmin(address: Address, use: StoreUse): Promise<Session> {
  const options = sessionOptions(use, 'reading');
  const beside = address.database === 'postgres' ? 'template1' : 'postgres';
  try {
    return await Session.open(inDatabase(address, beside), options);
  } catch (error) {
    if (!(error instanceof SwitchbackError) || error.facts['code'] !== '3D000') throw error;
    return Session.open(inDatabase(address, 'template1'), options);
  }
}

/** Runs work with a session of its own. */
export async function withSession<T>(opening: Promise<Session>, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await opening;
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
