import { enabledServices, imageOf } from '../compose/index.ts';
import { holds, lacks, type Look } from './look.ts';

/** Docker and its Compose plugin answer. */
export const lookAtDocker: Look<'docker'> = async (_check, { engine, checkpoints, context }) => {
  const { signal } = context;
  const [info, api, compose] = await Promise.all([
    engine.info({ signal }),
    engine.apiVersion({ signal }),
    checkpoints.composeVersion(context),
  ]);
  return holds(`Docker Engine ${info.ServerVersion} (API ${api}), Compose ${compose}`);
};

/** Every image that a checkpoint starts is on the engine: nothing is pulled or built on the way. */
export const lookAtImages: Look<'images'> = async (check, { engine, checkpoints, context }) => {
  const model = await checkpoints.modelOf(context, filesOf(check));
  const images = [...new Set(enabledServices(model).map(([name]) => imageOf(model, name)))].sort();
  const found = await Promise.all(images.map((image) => engine.inspectImage(image, { signal: context.signal })));
  const missing = images.filter((_image, index) => found[index] === undefined);
  if (missing.length === 0) return holds(`${images.length} images`);
  return lacks(
    `not on this engine: ${missing.join(', ')}`,
    `Get them before the run: \`docker compose -f ${check.compose} pull\`, or \`build\`, or \`docker load\`.`,
  );
};

/** Nothing is in the way of the checkpoint: no volume would change, no name or port is taken. */
export const lookAtChange: Look<'checkpoint-change'> = async (check, { checkpoints, context }) => {
  const { obstacles, services, volumes } = await checkpoints.predict(context, filesOf(check));
  if (obstacles.length > 0) {
    return lacks(
      obstacles.map(({ message }) => message).join('; '),
      [...new Set(obstacles.map(({ hint }) => hint))].join(' '),
    );
  }
  const changing = services.filter(({ fate }) => fate !== 'unchanged').length;
  return holds(
    `${check.compose} changes ${changing} of ${services.length} services and none of ${volumes.length} volumes`,
  );
};

export function filesOf({ compose, env }: { compose: string; env?: string }): { compose: string; env?: string } {
  return { compose, ...(env === undefined ? {} : { env }) };
}
