import { DockerEngine } from '../../activities/docker/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { storeConformance } from './conformance.ts';
import { postgresFixture, stopPostgres } from './postgres-fixture.ts';

storeConformance('postgres', storeDrivers(new DockerEngine()), postgresFixture, stopPostgres);
