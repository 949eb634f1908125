export { loadSqlParser } from './postgres-parser.ts';
