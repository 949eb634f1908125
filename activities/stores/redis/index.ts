export { redisDriver } from './redis-store.ts';
