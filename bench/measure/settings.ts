/** How long and how often a run measures. */
export interface Settings {
  /** Calls of each kind that warm a contender up, so that V8 has compiled what is measured. */
  readonly warmCalls: number;
  readonly rounds: number;
  /** One contender under one load, in one round. */
  readonly sliceMs: number;
  /** One connection alone, for times of single calls. */
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

/** Shows that the bench works; its figures mean nothing. */
export const QUICK: Settings = {
  warmCalls: 200,
  rounds: 2,
  sliceMs: 100,
  latencyMs: 40,
  profileMs: 200,
};
