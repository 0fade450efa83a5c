/**
 * The number of seconds that a client sleeps before it repeats a POST by itself, or 0 if it does
 * not.
 */
export type SleepSeconds = (status: number, headers: Headers) => number;

export const neverRetries: SleepSeconds = () => 0;

/** openai_dart 0.6 repeats a 503 three times with its own backoff and reads no header. */
export const only503: SleepSeconds = (status) => (status === 503 ? 0.5 : 0);

const secondsIn = (headers: Headers): number => Number(headers.get('retry-after') ?? Number.NaN);

/**
 * openai_dart ≥ 1 repeats a buffered POST only on 429, and sleeps at most 60 s (twice its longest
 * delay). Newer versions do not repeat it when the quota is reported as used up; older ones do. A
 * stream is never repeated.
 */
export const dartSleep: SleepSeconds = (status, headers) => {
  if (status !== 429) return 0;
  const asked = secondsIn(headers);
  return Number.isNaN(asked) ? 1 : Math.min(Math.max(asked, 1), 60);
};

/** openai-kotlin repeats only a 429, and sleeps for as many seconds as the header states. */
export const kotlinSleep: SleepSeconds = (status, headers) =>
  status === 429 ? Math.max(1, secondsIn(headers) || 0) : 0;

function officialRetries(status: number, headers: Headers): boolean {
  const told = headers.get('x-should-retry');
  if (told !== null) return told === 'true';
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** openai-java sleeps for as many seconds as the header states. */
export const javaSleep: SleepSeconds = (status, headers) =>
  officialRetries(status, headers) ? secondsIn(headers) || 0.5 : 0;

/** openai-node obeys up to one minute, and otherwise repeats with its own backoff. */
export const nodeSleep: SleepSeconds = (status, headers) => {
  if (!officialRetries(status, headers)) return 0;
  const asked = secondsIn(headers);
  return asked >= 0 && asked <= 60 ? asked : 0.5;
};
