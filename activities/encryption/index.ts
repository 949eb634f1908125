export { requireKey } from './decrypt-script.ts';
export { encryptedTo, encryptionOf, keyProblem, type Encrypted, type Encryption } from './encryption.ts';
export { requireIdentity, withIdentity } from './identity-file.ts';
