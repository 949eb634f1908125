import { DockerEngine } from '../../activities/docker/index.ts';
import { secretSource } from '../../activities/perform/secret-settings.ts';
import { resolveSecrets } from '../../activities/perform/secrets.ts';
import type { StoredPoint } from '../../activities/points/index.ts';
import { verifyInRepositories } from '../../activities/restic/index.ts';
import type { Context } from '../command-line/context.ts';
import { sealedPlan } from '../runs/local-target.ts';
import type { PointsAtHome } from './points-at-home.ts';

/**
 * Reads the repositories of points again; what is wrong with which point, by `RUN/POINT`. The password is read on this machine, from where
 * the plan says that it is: whoever types this may read it, or is refused.
 */
export async function damagedInRepositories(
  points: readonly StoredPoint[],
  { target, home, local }: PointsAtHome,
  context: Context,
): Promise<Map<string, string>> {
  if (points.length === 0) return new Map();
  const plan = await sealedPlan(local, context.settings);
  const source = secretSource(context.env);
  return verifyInRepositories(points, {
    engine: new DockerEngine(),
    plan,
    secret: (template) => resolveSecrets(template, plan.stack, source),
    owner: { target, runId: 'verify', operationId: String(process.pid), scratch: home.scratch },
    signal: context.signal,
  });
}
