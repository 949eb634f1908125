import type { StoreCapabilities } from '../store.ts';

export const postgresCapabilities: StoreCapabilities = {
  snapshot: true,
  restore: true,
  fingerprint: true,
  compare: true,
  probe: true,
  sql: true,
  rehearse: true,
};
