/** Next runs this once at start. It also compiles it for its edge runtime, which has no signals. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { closeOnSigterm } = await import('./lib/shutdown');
    closeOnSigterm();
  }
}
