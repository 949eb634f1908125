import { DockerEngine } from '../../activities/docker/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { storeConformance } from './conformance.ts';
import { redisFixture, stopRedis } from './redis-fixture.ts';

storeConformance('redis', storeDrivers(new DockerEngine()), redisFixture, stopRedis);
