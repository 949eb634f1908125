import { z } from 'zod';

export const planName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'is not a name')
  .describe('Lower-case letters, digits, dots, dashes and underscores; at most 63 characters.');

export const phaseId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is not an id')
  .refine((id) => !['before', 'baseline', 'rollback', 'previous'].includes(id), {
    error: 'is a word that Switchback uses itself',
  })
  .describe(
    'Lower-case letters, digits and dashes; at most 40 characters; not before, baseline, previous or rollback.',
  );

export const storeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'is not a name')
  .describe('Lower-case letters, digits, dashes and underscores; at most 40 characters.');

/** A Compose project, which is also the target that can have only one run at a time. */
export const projectName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'is not a Compose project name')
  .describe('The Compose project: lower-case letters, digits, dashes and underscores; at most 63 characters.');

export const hostName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'is not a host name')
  .describe('A name for the machine whose worker does this: lower-case letters, digits, dots and dashes.');

export const serviceName = z
  .string()
  .regex(/^[a-zA-Z0-9._-]+$/, 'is not a service name')
  .describe('A service of the Compose file.');

export const imageName = z
  .string()
  .max(300)
  .regex(/^[a-z0-9][^\s$@]*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$|^sha256:[0-9a-f]{64}$/, 'is not an image')
  .describe('An image with its tag, e.g. shop/api:v2.');

export const profileName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'is not a profile')
  .describe('A profile of the Compose file.');

export const volumeName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'is not a volume name')
  .describe('A volume as Docker names it, usually PROJECT_NAME.');

export const role = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is not a role')
  .describe('A role such as tech-lead: lower-case letters, digits and dashes.');

/** A git tag or branch; git's own rules, see git-check-ref-format(1). */
export const gitName = z
  .string()
  .regex(
    /^(?!-)(?!.*(\.\.|\/\/|@\{|\.lock(\/|$)))[^\u0000-\u0020\u007f~^:?*[\\/.][^\u0000-\u0020\u007f~^:?*[\\]*(?<![/.])$/,
    'is not a name that git accepts',
  )
  .max(200)
  .describe('A name that git accepts for a tag or branch.');

export const gitRef = z
  .string()
  .regex(/^(?!-)[^\u0000-\u0020\u007f:?*[\\]+$/, 'is not a git ref')
  .max(200)
  .describe('A git tag, branch or commit.');

/** The words after which a line of text stops being a line. */
export const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\r\n]*$/, 'is more than one line')
  .describe('One line of text.');
export const paragraph = z.string().min(1).max(4000).describe('Text.');
export const argv = z
  .array(z.string().max(20_000))
  .min(1)
  .max(200)
  .describe('A command as a list: the program, then each argument by itself. No shell is involved.');
