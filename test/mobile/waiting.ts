/** For how many seconds a client sleeps before it repeats a POST of its own accord; 0 when it does not. */
export type SleepSeconds = (status: number, headers: Headers) => number;

export const neverRetries: SleepSeconds = () => 0;

/** openai_dart 0.6 repeats 503 three times, by its own backoff, and looks at no header. */
export const only503: SleepSeconds = (status) => (status === 503 ? 0.5 : 0);

const secondsIn = (headers: Headers): number => Number(headers.get('retry-after') ?? Number.NaN);

/**
 * openai_dart ≥ 1 repeats a whole POST on 429 alone, and sleeps 60 s at most (twice its longest delay).
 * Newer ones do not repeat where the quota is said to be at its end; older ones do. A stream never is.
 */
export const dartSleep: SleepSeconds = (status, headers) => {
  if (status !== 429) return 0;
  const asked = secondsIn(headers);
  return Number.isNaN(asked) ? 1 : Math.min(Math.max(asked, 1), 60);
};

/** openai-kotlin repeats 429 alone, and sleeps for all the seconds that it is told. */
export const kotlinSleep: SleepSeconds = (status, headers) =>
  status === 429 ? Math.max(1, secondsIn(headers) || 0) : 0;

function officialRetries(status: number, headers: Headers): boolean {
  const told = headers.get('x-should-retry');
  if (told !== null) return told === 'true';
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** openai-java sleeps for all the seconds that it is told. */
export const javaSleep: SleepSeconds = (status, headers) =>
  officialRetries(status, headers) ? secondsIn(headers) || 0.5 : 0;

/** openai-node obeys up to a minute, and otherwise repeats by its own backoff. */
export const nodeSleep: SleepSeconds = (status, headers) => {
  if (!officialRetries(status, headers)) return 0;
  const asked = secondsIn(headers);
  return asked >= 0 && asked <= 60 ? asked : 0.5;
};
