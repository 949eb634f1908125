import { z } from 'zod';
import { imageName, serviceName } from '../plan/name.ts';
import { saying } from '../plan/saying.ts';
import { unknownService } from './service.ts';
import { defineStep, stepOptions, summaryLine, type OperationDraft, type StepContext } from './step-kind.ts';

const schema = z.strictObject({
  image: imageName.describe('The image with its tag, e.g. shop/api:v2.'),
  service: saying(serviceName, 'The service whose image is switched.'),
  ...stepOptions,
});

/** `image`: switches the image of one service and recreates that service alone [K5]. */
export const imageStep = defineStep({
  key: 'image',
  schema,
  files: () => [],

  validate(step, context) {
    return [
      ...unknownService(step.service, context.active, [...context.path, 'service']),
      ...floatingTag(step.image, [...context.path, 'image']),
    ];
  },

  expand(step, context) {
    const effects = [
      { resource: `service:${step.service}`, change: 'replace' as const },
      { resource: `file:${context.stack.compose}`, change: 'update' as const },
    ];
    const before = imageBefore(step.service, context);
    const draft: OperationDraft<'switchImage'> = {
      kind: 'switchImage',
      summary: summaryLine(step.title ?? imageStep.describe(step)),
      input: { service: step.service, image: step.image },
      effects,
      undo: {
        by: 'operation',
        kind: 'switchImage',
        summary: summaryLine(`switch ${step.service} back to ${before ?? 'the image it had'}`),
        lossy: false,
        input: { service: step.service, image: before ?? '' },
        effects,
      },
      timeoutSeconds: step.timeout ?? 600,
    };
    return [draft];
  },

  describe: (step) => `switch ${step.service} to ${step.image}`,
});

/** What the active Compose file says now; what it really is at that moment, the worker finds out before it acts. */
function imageBefore(service: string, context: StepContext): string | undefined {
  const services = context.active.facts?.services ?? {};
  return Object.hasOwn(services, service) ? services[service]?.image : undefined;
}

/** A tag that can mean another image tomorrow cannot be gone back to. */
export function floatingTag(image: string, path: (string | number)[]) {
  if (!isFloating(image)) return [];
  return [
    {
      path,
      severity: 'warning' as const,
      message: `the image \`${image}\` has no fixed tag: what it means today may be gone tomorrow`,
      hint: 'Name a version, so that the phase can be gone back to.',
    },
  ];
}

/** No tag, `latest`, and no digest. A tag from a variable is not judged. */
export function isFloating(image: string): boolean {
  if (image.includes('@sha256:') || image.startsWith('sha256:')) return false;
  const withoutVariables = image.replaceAll(/\$\{[^}]*\}/g, 'VARIABLE');
  const last = withoutVariables.slice(withoutVariables.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  if (colon === -1) return last !== 'VARIABLE';
  return last.slice(colon + 1) === 'latest';
}
