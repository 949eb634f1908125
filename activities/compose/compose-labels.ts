/** Labels that Compose puts on what it makes. */
export const composeLabel = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  oneOff: 'com.docker.compose.oneoff',
  number: 'com.docker.compose.container-number',
  /** `SERVICE:CONDITION:RESTART`, separated by commas. */
  dependsOn: 'com.docker.compose.depends_on',
  configHash: 'com.docker.compose.config-hash',
  version: 'com.docker.compose.version',
  volume: 'com.docker.compose.volume',
  network: 'com.docker.compose.network',
} as const;

/** The labels that people gave, without those of Compose. */
export function withoutCompose(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('com.docker.compose.')));
}
