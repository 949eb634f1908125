import { z } from 'zod';
import { recipientProblem } from './age-recipient.ts';
import { saying } from './saying.ts';
import { isSecretReference, secretHint } from './secret-reference.ts';
import { secretText } from './secret-text.ts';

const recipient = z
  .string()
  .superRefine((text, context) => {
    const problem = recipientProblem(text);
    if (problem) context.addIssue({ code: 'custom', message: problem.is, params: { hint: problem.hint } });
  })
  .describe('A public key: `age1…`, `ssh-ed25519 …` or `ssh-rsa …`.');

const encrypt = z
  .strictObject({
    to: z
      .array(recipient)
      .max(20)
      .describe(
        'The public keys that recovery points are encrypted to, any of whose private keys opens them. Empty: new ones stay plain, and older ones can still be read.',
      ),
    identity: z
      .string()
      .refine(isSecretReference, { error: 'is no secret reference', params: { hint: secretHint } })
      .exactOptional()
      .describe(`The private key, for proofs, restores and rehearsals. ${secretHint}`),
  })
  .describe('Encrypts recovery points with age.');

const folder = z.strictObject({
  kind: z.literal('folder').describe("Each point is a folder in the target's home."),
  encrypt: encrypt.exactOptional(),
});

/** Two places that a repository can be in: a folder of the host, or a bucket. */
const address = z
  .string()
  .max(500)
  .regex(
    /^(\/(?!\/)[^\n,]*[^\n,/]|s3:[^\s,]+\/[^\s,]+)$/,
    'is neither an absolute path nor `s3:` with server and bucket',
  )
  .describe('A folder of the host such as /mnt/backup/shop, or s3:https://SERVER/BUCKET/PATH.');

/** Only what the S3 client reads: anything else in there would be a way to change how restic itself behaves. */
const environment = z
  .record(
    z
      .string()
      .regex(/^AWS_[A-Z_]{1,60}$/, 'is no setting of an S3 client')
      .describe('AWS_ and capital letters, e.g. AWS_ACCESS_KEY_ID.'),
    z
      .string()
      .max(500)
      .regex(/^[^\n\0]*$/, 'has a line break in it'),
  )
  .describe(`Access to S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and others. ${secretHint}`);

const restic = z
  .strictObject({
    kind: z.literal('restic').describe('Incremental, deduplicated and encrypted, in a repository of restic.'),
    at: saying(address, 'Where the repository is; it is made where there is none yet.'),
    password: secretText.describe(`What the repository is encrypted with. ${secretHint}`),
    environment: environment.exactOptional(),
  })
  .refine((value) => value.environment === undefined || value.at.startsWith('s3:'), {
    error: 'has `environment`, which a folder has no use for',
    params: { hint: 'Leave it out, or write an `at` that begins with `s3:`.' },
  });

/** Where recovery points are kept, told apart by `kind`. */
export const repository = z
  .discriminatedUnion('kind', [folder, restic])
  .describe('Where recovery points are kept. Left out: a folder in the home of the target.');
