/** Variables by which an env file speaks to Compose itself, and that say nothing once project, files and profiles are named outright. */
const overruled =
  /^COMPOSE_(PROJECT_NAME|FILE|PATH_SEPARATOR|PROFILES|ENV_FILES|REMOVE_ORPHANS|IGNORE_ORPHANS|PARALLEL_LIMIT|HTTP_TIMEOUT|DOCKER_CLI_BUILD|BAKE|MENU|ANSI|STATUS_STDOUT)$|^DOCKER_BUILDKIT$/;

/** Others of `docker` and Compose: another engine, another platform, other names of containers. */
const steering = /^(COMPOSE_\w*|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS|TLS_VERIFY|API_VERSION|DEFAULT_PLATFORM))$/;

/**
 * What a variable of an env file would do to `docker compose` itself: `overruled` where the plan says it and Switchback passes that on,
 * `steers` where it would change what is done behind the plan's back, undefined where it is a variable like any other.
 */
export function steeringOf(name: string): 'overruled' | 'steers' | undefined {
  if (overruled.test(name)) return 'overruled';
  return steering.test(name) ? 'steers' : undefined;
}
