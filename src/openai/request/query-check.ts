import { type Denial, deny } from '../../core/denial.ts';

const NAME_LENGTH_MAX = 64;
const NONE: readonly string[] = [];
const AZURE = 'api-version';

/**
 * Returns why a query is not accepted; `undefined` if all that it names is in `ignored`. Nothing of a query
 * is ever sent on.
 */
export function queryDenial(query: string, ignored: readonly string[] = NONE): Denial | undefined {
  const names = query.split('&').map((pair) => pair.split('=', 1)[0] ?? '');
  const unknown = names.find((name) => name !== '' && !ignored.includes(name));
  if (unknown === undefined) return undefined;
  const param = unknown.slice(0, NAME_LENGTH_MAX);
  const message =
    unknown === AZURE
      ? `Remove the query parameter "${AZURE}": it is Azure's, and the server sets it where its upstream needs it.`
      : `Remove the query parameter "${param}": it is not accepted here.`;
  return deny('parameter_not_allowed', message, { param });
}
