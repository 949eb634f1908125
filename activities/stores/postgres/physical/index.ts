export { physicalBackups } from './physical-backups.ts';
