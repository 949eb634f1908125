export { gitText, runGit, type GitOptions } from './git.ts';
export {
  currentBranch,
  headCommit,
  isRepository,
  refObject,
  requireRef,
  requireRefName,
  resolveCommit,
  tagCommit,
} from './refs.ts';
export {
  annotatedTag,
  createTag,
  removeTag,
  requireTagFree,
  takenBackRef,
  writeTagObject,
  type TagRequest,
} from './tag.ts';
export { backupBranch, requireBranchFree } from './branch.ts';
export { deletePushed, pushRefs, pushRemote } from './push.ts';
export { dirtyPaths } from './dirty-paths.ts';
export { filesAt, readBlobs, requirePlainBytes, type FilesAt, type TreeFile } from './files-at.ts';
