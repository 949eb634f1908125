import { z } from 'zod';
import { saying } from './saying.ts';

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is not a name that Kubernetes accepts');

export const clusterName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'is not a name')
  .describe('Lower-case letters, digits, dashes and underscores; at most 40 characters.');

export const cluster = z
  .strictObject({
    namespace: saying(label, 'The namespace that steps change; it must exist.'),
    context: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\s-]\S*$/, 'is not a context')
      .exactOptional()
      .describe('The context of the kubeconfig; its current one when absent.'),
    kubeconfig: z
      .string()
      .regex(/^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/, 'is no reference such as ${env:SHOP_KUBECONFIG}')
      .exactOptional()
      .describe(
        'A reference, ${env:NAME}, to the path of a kubeconfig on the host of the worker; the one that kubectl finds there when absent.',
      ),
  })
  .describe('A namespace of a Kubernetes cluster.');
