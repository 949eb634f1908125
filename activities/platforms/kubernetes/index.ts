export { applyManifestsHandler } from './apply-manifests.ts';
export { restoreManifestsHandler } from './restore-manifests.ts';
