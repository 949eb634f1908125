export { sqliteDriver } from './sqlite-store.ts';
