import type { CompiledPlan } from '../compiled-plan.ts';
import { words } from './quote.ts';

/** How a person types Compose on a stack. */
export function composeCommand({ stack }: Pick<CompiledPlan, 'stack'>): string {
  const env = stack.env === undefined ? '/dev/null' : `${stack.directory}/${stack.env}`;
  const named = ['-p', stack.project, '--project-directory', stack.directory, '--env-file', env];
  return `docker compose ${words([...named, '-f', `${stack.directory}/${stack.compose}`])}`;
}
