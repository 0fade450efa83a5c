/** `node bench/write-docs.ts`: makes the tables and plots of docs/speed.md from saved figures. */
import { writeDocs } from './report/docs.ts';

writeDocs();
