export { envFileFailure } from './env-file-failure.ts';
export { learnFromEnvFile, learnFromText } from './learn-from-files.ts';
export { learnFromModel } from './learn-from-model.ts';
export {
  learnNames,
  learnPairs,
  learnSecrets,
  masked,
  maskedForAll,
  maskedProse,
  maskerFor,
  maskingFor,
} from './known-secrets.ts';
export { maskError } from './mask-error.ts';
