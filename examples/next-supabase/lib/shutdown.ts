import { closeGuard } from './guard';

/** Run the app with `NEXT_MANUAL_SIG_HANDLE=true next start`, so that Next leaves the signal to you. */
export function closeOnSigterm(): void {
  process.once('SIGTERM', async () => {
    await closeGuard();
    process.exit();
  });
}
