import { benchHttp } from './http/bench-http.ts';
import { benchProfile } from './http/bench-profile.ts';
import { benchWarned } from './http/bench-warned.ts';
import type { Results } from './measure/results.ts';
import type { Settings } from './measure/settings.ts';
import { benchSdk } from './sdk/bench-sdk.ts';
import { benchStore } from './stores/bench-store.ts';
import type { StoreName } from './stores/store.ts';
import { stores } from './stores/stores.ts';

/** A part of the bench that can run alone. */
export interface Part {
  /** `baseline` is the folder with the code to compare with, if the clone has it. */
  run(settings: Settings, baseline: string | undefined): Promise<Results>;
  /** The prefixes of the names of its loads. */
  readonly loads: readonly string[];
}

const ofStore = (name: StoreName): Part => ({
  run: (settings, baseline) => benchStore(stores[name], settings, baseline),
  loads: [name],
});

/** The parts of a whole run, in order. */
export const PARTS = {
  http: { run: benchHttp, loads: ['json', 'streams', 'mixed'] },
  warned: { run: benchWarned, loads: ['warned'] },
  sdk: { run: benchSdk, loads: ['sdk'] },
  memory: ofStore('memory'),
  sqlite: ofStore('sqlite'),
  redis: ofStore('redis'),
  postgres: ofStore('postgres'),
  profile: { run: benchProfile, loads: ['where'] },
} satisfies Readonly<Record<string, Part>>;
