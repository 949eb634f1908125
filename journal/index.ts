export { contentPath, ContentStore } from './content-store.ts';
export { Journal, readJournal, type Append } from './journal.ts';
export { ensureTargetHome, switchbackHome, targetHome, type TargetHome } from './target-home.ts';
