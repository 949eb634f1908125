import { beforeAll } from '@jest/globals';
import { DockerEngine } from '../../activities/docker/index.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { ensureToolImage } from '../../activities/stores/sqlite/tool-image.ts';
import { storeConformance } from './conformance.ts';
import { sqliteFixture, stopSqlite } from './sqlite-fixture.ts';

const engine = new DockerEngine();
beforeAll(() => ensureToolImage(engine, { log: () => undefined }), 300_000);
storeConformance('sqlite', storeDrivers(engine), sqliteFixture, stopSqlite);
