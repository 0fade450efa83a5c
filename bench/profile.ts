import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileOf } from './http/bench-profile.ts';
import type { ContenderName } from './http/contender-process.ts';
import { placeOf, samplesBy, sharesOf } from './http/profile-parts.ts';
import { WHOLE } from './measure/settings.ts';
import { figure, printTable } from './report/table.ts';

/**
 * `node bench/profile.ts guard-node [--stream]`: prints where a contender's time goes, by function, in µs
 * of the main thread's CPU per request (or per chunk). Writes the whole profile for Chrome's DevTools.
 */
const ROWS = 60;

const [name = 'guard-node'] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const kind = process.argv.includes('--stream') ? 'streams' : 'json';
const { profile, figures } = await profileOf(name as ContenderName, kind, WHOLE);
const path = join(mkdtempSync(join(tmpdir(), 'profile-')), `${name}.cpuprofile`);
writeFileSync(path, JSON.stringify(profile));

const { perSecond, mainUs = Number.NaN, allUs } = figures;
console.log(
  `${name}: ${figure(perSecond)}/s, ${figure(mainUs)} µs of CPU each on the main thread, ` +
    `${figure(allUs)} on all\n${path}\n`,
);
const rows = sharesOf(samplesBy(profile, placeOf), mainUs).slice(0, ROWS);
printTable(
  ['self time', 'µs', '%'],
  rows.map(([place, us]) => [place, figure(us), figure((us / mainUs) * 100)]),
);
