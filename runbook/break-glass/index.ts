export {
  breakGlassHolder,
  breakGlassRun,
  shellPartNames,
  type BreakGlassInput,
  type PointFiles,
  type ShellParts,
} from './input.ts';
export { breakGlassSteps, renderBreakGlass, renderNoWayBack, requestWords } from './render.ts';
