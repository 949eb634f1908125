import { dockerEnvironment } from './engine-place.ts';
import { execa } from '../processes/execa.ts';

/** Some packages from a slow mirror. */
const buildTimeoutMs = 300_000;

/** Builds an image of our own from the text of a Dockerfile, on the engine that it is for, and with nothing else of our environment. @throws `ExecaError` with the end of what the build said */
export async function buildImage(
  { host }: { host: string },
  tag: string,
  dockerfile: string,
  signal?: AbortSignal,
): Promise<void> {
  await execa('docker', ['build', '--quiet', '--tag', tag, '-'], {
    input: dockerfile,
    env: dockerEnvironment(process.env, host),
    extendEnv: false,
    timeout: buildTimeoutMs,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
}
