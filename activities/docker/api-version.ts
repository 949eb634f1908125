/** The API version that this code was tested with (Engine 20.10). */
export const testedApiVersion = '1.41';

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

/**
 * The API version to pin: the tested one where the engine still speaks it, else the nearest that it does. Unpinned requests
 * get the engine's newest, whose answers may have another shape.
 */
export function pinnedApiVersion(engine: { newest: string; oldest?: string | undefined }): string {
  if (compare(engine.newest, testedApiVersion) < 0) return engine.newest;
  if (engine.oldest !== undefined && compare(engine.oldest, testedApiVersion) > 0) return engine.oldest;
  return testedApiVersion;
}
