import { deny } from '../errors.ts';

/**
 * The one answer to every credential that is missing, foreign or bad: whoever tries learns nothing
 * from its bytes about which check failed.
 */
export const INVALID_CREDENTIAL = deny(
  'invalid_credential',
  'No valid credential was sent. Send "Authorization: Bearer <token>" with the token of the app’s login, or one that its backend issued.',
);

/** The answer to a credential that was good in every respect, until its time was over. */
export const EXPIRED_CREDENTIAL = deny(
  'expired_credential',
  'The credential has expired. Refresh it, or sign in again, and send the new one.',
);
