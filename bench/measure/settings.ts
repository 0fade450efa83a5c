/** How long and how often a run measures. */
export interface Settings {
  /** Calls of each kind to warm up a contender, so that V8 has compiled what is measured. */
  readonly warmCalls: number;
  readonly rounds: number;
  /** The time for one contender under one load, in one round. */
  readonly sliceMs: number;
  /** The time for one connection alone, to measure single calls. */
  readonly latencyMs: number;
  readonly profileMs: number;
}

export const WHOLE: Settings = {
  warmCalls: 20_000,
  rounds: 15,
  sliceMs: 400,
  latencyMs: 120,
  profileMs: 5_000,
};

/** Shows that the bench works. Its figures mean nothing. */
export const QUICK: Settings = {
  warmCalls: 200,
  rounds: 2,
  sliceMs: 100,
  latencyMs: 40,
  profileMs: 200,
};
