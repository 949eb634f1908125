import { execa } from '../processes/execa.ts';

/** Some packages from a slow mirror. */
const buildTimeoutMs = 300_000;

/** Builds an image of our own from the text of a Dockerfile. @throws `ExecaError` with the end of what the build said */
export async function buildImage(tag: string, dockerfile: string, signal?: AbortSignal): Promise<void> {
  await execa('docker', ['build', '--quiet', '--tag', tag, '-'], {
    input: dockerfile,
    timeout: buildTimeoutMs,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
}
