import { type Profiler, Session } from 'node:inspector/promises';

const SAMPLE_US = 500;

let session: Session | undefined;

/** Starts sampling where this process spends its time. */
export async function startProfile(): Promise<object> {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await session.post('Profiler.start');
  return {};
}

/** Ends the sampling that `startProfile` began, and returns the profile. */
export async function endProfile(): Promise<Profiler.Profile> {
  if (session === undefined) throw new Error('no profile was started');
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  session = undefined;
  return profile;
}
