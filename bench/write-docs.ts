/** `node bench/write-docs.ts`: makes the tables and plots of docs/speed.md from the figures of earlier runs. */
import { writeDocs } from './report/docs.ts';

writeDocs();
