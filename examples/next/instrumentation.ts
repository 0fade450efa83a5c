/** Run it with `NEXT_MANUAL_SIG_HANDLE=true next start`, so that Next leaves the signal to you. */
export async function register(): Promise<void> {
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return;
  const { guard } = await import('./lib/guard.ts');
  process.once('SIGTERM', async () => {
    // Running calls finish first. New calls are denied and can be retried.
    await guard.close();
    process.exit();
  });
}
