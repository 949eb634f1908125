export { buildClone, clearAway, type BuildOptions, type Built, type Original } from './build-clone.ts';
export { captureAtRest, captureState, compareNamed, type CapturingDependencies } from './capture-state.ts';
export { isLeftOut, type Additions, type Difference } from './compare-states.ts';
export { IsolatedCompose } from './isolated-compose.ts';
export type { CloneOf } from './isolate-model.ts';
export { removeClones } from './remove-clone.ts';
