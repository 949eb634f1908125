export { postgresDriver } from './postgres-store.ts';
export { postgresProver, provePostgresPoint } from './prove-point.ts';
