import type { Own } from '../cases/case-stack.ts';

interface Part {
  needs?: string[];
  /** Ends with 0, as set-up jobs do. */
  once?: true;
  /** Has a name of its own, as teams give it. */
  named?: true;
  /** Publishes a port on the host. */
  published?: true;
}

/** A stack of 23 services as a real team runs it, with stand-ins for their images. */
export const parts: Record<string, Part> = {
  zookeeper: {},
  kafka: { needs: ['zookeeper'], named: true, published: true },
  'schema-registry': { needs: ['kafka'], published: true },
  'kafka-init': { needs: ['kafka'], once: true },
  'kafka-ui': { needs: ['kafka', 'schema-registry'], published: true },
  connect: { needs: ['kafka', 'schema-registry'] },
  postgres: { named: true, published: true },
  'postgres-init': { needs: ['postgres'], once: true },
  minio: { published: true, named: true },
  'minio-init': { needs: ['minio'], once: true },
  redis: {},
  'spark-master': { needs: ['minio'], published: true },
  'spark-worker-1': { needs: ['spark-master'] },
  'spark-worker-2': { needs: ['spark-master'] },
  'spark-worker-3': { needs: ['spark-master'] },
  'spark-history': { needs: ['minio-init'] },
  prefect: { needs: ['postgres-init', 'redis'], published: true },
  'prefect-worker': { needs: ['prefect'] },
  api: { needs: ['postgres-init', 'kafka-init'], published: true },
  ingest: { needs: ['kafka-init', 'minio-init'] },
  web: { needs: ['api'], published: true },
  prometheus: { published: true },
  grafana: { needs: ['prometheus'], published: true },
};

export const serviceNames = Object.keys(parts);

const firstAtOnce = 'test ! -e /tmp/checked || sleep 15; touch /tmp/checked';

/** While this file is in the stack's folder, the service fails when it starts in that release. */
export const flagOf = (release: 'v1' | 'v2', service: string) => `flag/${release}-${service}`;

export function teamStack({ project, image, port }: Own, release: 'v1' | 'v2'): string {
  const services = Object.entries(parts).map(([name, part]) => {
    const run = part.once ? 'exit 0' : 'exec stand-in serve';
    const script = `test ! -e /${flagOf(release, name)} || exit 3; ${run}`;
    const needs = (part.needs ?? []).map((need) => [
      need,
      { condition: parts[need]?.once ? 'service_completed_successfully' : 'service_healthy' },
    ]);
    return [
      name,
      {
        image: image[release],
        init: true,
        command: ['sh', '-c', script],
        environment: { RELEASE: release, SERVICE: name },
        volumes: ['./flag:/flag:ro'],
        mem_limit: '64m',
        // The first check ends at once, so that the next service starts; later ones last, since 20 processes every second are a load.
        healthcheck: { test: ['CMD-SHELL', firstAtOnce], interval: '1s', timeout: '60s', retries: 5 },
        ...(part.once && { restart: 'no', healthcheck: { disable: true } }),
        ...(part.named && { container_name: `${project}-the-${name}` }),
        ...(part.published && { ports: [`127.0.0.1:${port(name)}:8080`] }),
        ...(needs.length > 0 && { depends_on: Object.fromEntries(needs) as object }),
      },
    ] as const;
  });
  return `${JSON.stringify({ name: project, services: Object.fromEntries(services) }, null, 2)}\n`;
}
