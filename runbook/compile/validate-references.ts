import type { Finding, PlanPath } from '../plan/index.ts';
import { didYouMean, secretReferences, unknownReferences } from '../plan/index.ts';
import type { Scope } from './scope.ts';

/** Names that must be unique or must mean something: tags, approvals, people, references to secrets. */
export function validateReferences(scope: Scope): Finding[] {
  return [...tagFindings(scope), ...approvalFindings(scope), ...ownerFindings(scope), ...secretFindings(scope)];
}

function tagFindings({ plan }: Scope): Finding[] {
  const tags: { tag: string | undefined; path: PlanPath }[] = [
    { tag: plan.baseline.tag, path: ['baseline', 'tag'] },
    // The tag before everything and the baseline's may be the same one: it is made, then it must be there.
    { tag: plan.before?.tag === plan.baseline.tag ? undefined : plan.before?.tag, path: ['before', 'tag'] },
    ...plan.phases.map((phase, index) => ({ tag: phase.tag, path: ['phases', index, 'tag'] as PlanPath })),
  ];
  const seen = new Set<string>();
  return tags.flatMap(({ tag, path }): Finding[] => {
    if (tag === undefined) return [];
    if (!seen.has(tag)) {
      seen.add(tag);
      return [];
    }
    return [
      {
        path,
        severity: 'error',
        message: `the tag \`${tag}\` stands in the plan twice`,
        hint: 'A tag marks one commit: give each phase its own.',
      },
    ];
  });
}

function approvalFindings({ plan }: Scope): Finding[] {
  const roles = plan.contacts.map(({ role }) => role);
  return plan.phases.flatMap((phase, index) => {
    const seen = new Set<string>();
    return (phase.gate ?? []).flatMap((gate, at): Finding[] => {
      if (!('approval' in gate)) return [];
      const path: PlanPath = ['phases', index, 'gate', at, 'approval'];
      if (seen.has(gate.approval)) {
        return [
          {
            path,
            severity: 'error',
            message: `\`${gate.approval}\` is asked twice at this gate`,
            hint: 'Remove one of them.',
          },
        ];
      }
      seen.add(gate.approval);
      if (roles.length === 0 || roles.includes(gate.approval)) return [];
      return [
        {
          path,
          severity: 'warning',
          message: `nobody in \`contacts\` has the role \`${gate.approval}\``,
          hint: didYouMean(gate.approval, roles, 'roles'),
        },
      ];
    });
  });
}

function ownerFindings({ plan }: Scope): Finding[] {
  const known = plan.contacts.flatMap(({ role, name }) => [role, name]);
  const owners: { owner: string | undefined; path: PlanPath }[] = [
    { owner: plan.owner, path: ['owner'] },
    ...plan.phases.map((phase, index) => ({ owner: phase.owner, path: ['phases', index, 'owner'] as PlanPath })),
  ];
  return owners.flatMap(({ owner, path }): Finding[] =>
    owner === undefined || known.length === 0 || known.includes(owner)
      ? []
      : [
          {
            path,
            severity: 'warning',
            message: `the owner \`${owner}\` is not in \`contacts\``,
            hint: didYouMean(owner, known, 'contacts'),
          },
        ],
  );
}

function secretFindings({ plan, placed }: Scope): Finding[] {
  const stores = Object.entries(plan.stores).flatMap(([name, store]) =>
    Object.entries(store).flatMap(([key, text]): Finding[] =>
      (typeof text === 'string' ? unknownReferences(text) : []).map((reference) => ({
        path: ['stores', name, key],
        severity: 'error',
        message: `\`${reference}\` is no secret reference`,
        hint: 'Write ${env:NAME} or ${file:PATH}.',
      })),
    ),
  );
  const repository = repositorySecrets(plan).flatMap(({ text, path }) =>
    unknownReferences(text).map((reference): Finding => ({
      path,
      severity: 'error',
      message: `\`${reference}\` is no secret reference`,
      hint: 'Write ${env:NAME} or ${file:PATH}.',
    })),
  );
  const steps = placed.flatMap((phase) =>
    phase.steps.flatMap(({ step, context }) => [
      ...('run' in step ? refused(step.run, [...context.path, 'run']) : []),
      ...('run' in step && Array.isArray(step.undo) ? refused(step.undo, [...context.path, 'undo']) : []),
      ...('sql' in step && step.statement !== undefined ? refused(step.statement, [...context.path, 'statement']) : []),
    ]),
  );
  return [...stores, ...repository, ...steps];
}

function repositorySecrets({ repository }: Scope['plan']): { text: string; path: PlanPath }[] {
  if (repository?.kind !== 'restic') return [];
  return [
    { text: repository.password, path: ['repository', 'password'] },
    ...Object.entries(repository.environment ?? {}).map(([name, text]) => ({
      text,
      path: ['repository', 'environment', name] as PlanPath,
    })),
  ];
}

/** References where nobody fills them in: what commands and statements say is recorded and shown. */
function refused(texts: string | readonly string[], path: PlanPath): Finding[] {
  const all =
    typeof texts === 'string'
      ? [{ text: texts, path }]
      : texts.map((text, index) => ({ text, path: [...path, index] }));
  return all.flatMap(({ text, path: at }): Finding[] =>
    secretReferences(text).map((reference) => ({
      path: at,
      severity: 'error',
      message: `\`\${${reference}}\` is not filled in here: commands and statements are recorded as they are`,
      hint: "A command has the service's environment; the secret belongs there.",
    })),
  );
}
