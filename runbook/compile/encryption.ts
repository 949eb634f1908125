import type { CompiledPlan } from '../compiled-plan.ts';
import { plainRecipient, secretReferences, type Finding, type Plan, type PlanPath } from '../plan/index.ts';
import type { Scope } from './scope.ts';

export function compileEncryption(plan: Plan): Pick<CompiledPlan, 'encrypt'> {
  const encrypt = encryptionIn(plan);
  return encrypt === undefined ? {} : { encrypt: { ...encrypt, to: encrypt.to.map(plainRecipient) } };
}

const encryptionIn = ({ repository }: Plan) => (repository?.kind === 'folder' ? repository.encrypt : undefined);

/** Encryption that nobody could undo when it is needed, and a private key that lies where the stack is. */
export function validateEncryption({ plan, placed }: Scope): Finding[] {
  const encrypt = encryptionIn(plan);
  if (encrypt === undefined) return [];
  const path: PlanPath = ['repository', 'encrypt'];
  const findings: Finding[] = [];
  const seen = new Set<string>();
  encrypt.to.forEach((recipient, index) => {
    const key = plainRecipient(recipient);
    if (seen.has(key)) {
      findings.push({
        path: [...path, 'to', index],
        severity: 'error',
        message: 'the same key stands in `to` twice',
        hint: 'Remove one of them.',
      });
    }
    seen.add(key);
  });
  const [reference] = secretReferences(encrypt.identity ?? '');
  if (reference?.startsWith('file:') && !reference.startsWith('file:/')) {
    findings.push({
      path: [...path, 'identity'],
      severity: 'error',
      message: 'the private key lies in the directory of the stack, which is copied for rehearsals and kept in git',
      hint: 'Move it out, e.g. to `${file:/etc/switchback/age.key}`, readable by the worker alone.',
    });
  }
  if (encrypt.to.length === 0) return findings;
  findings.push(...placed.flatMap(physicalBackups));
  if (encrypt.identity !== undefined) return findings;
  const needing = placed.find(({ phase }) => phase.backup.length > 0);
  return [
    ...findings,
    needing === undefined
      ? {
          path: [...path, 'to'],
          severity: 'warning',
          message:
            'there is no `identity`: recovery points can be taken and verified, but not tested or restored by Switchback',
          hint: 'Name the private key by reference, e.g. `identity: "${file:/etc/switchback/age.key}"`.',
        }
      : {
          path: [...needing.path, 'backup'],
          severity: 'error',
          message: `the backups of \`${needing.phase.id}\` cannot be proven: they are encrypted, and \`repository.encrypt\` names no \`identity\``,
          hint: 'Name the private key by reference, e.g. `identity: "${file:/etc/switchback/age.key}"`.',
        },
  ];
}

function physicalBackups({ phase, path }: Scope['placed'][number]): Finding[] {
  return phase.backup.flatMap((backup, index): Finding[] =>
    'store' in backup && backup.method === 'physical'
      ? [
          {
            path: [...path, 'backup', index, 'method'],
            severity: 'error',
            message: `a physical backup cannot be encrypted with age, as \`repository\` asks for \`${backup.store}\``,
            hint: 'Write `method: logical`, or a `repository` of restic, which encrypts all that is in it.',
          },
        ]
      : [],
  );
}
