import { type Denial, deny } from '../../core/denial.ts';
import { vendorFieldNames } from '../../openai/request/vendor-field-names.ts';
import type { Dialect, HostEndpoint, OwnFields } from './dialect.ts';
import { capNames, endUserNames, isOmissible } from './own-names.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Returns why a request cannot be sent to this host: `endpoint_not_allowed` for an endpoint that it does not
 * serve, `parameter_not_allowed` for a field or a model that it refuses or would ignore. `undefined`: it takes
 * the request. `body` is what was built for OpenAI. A field that means the same when it is left out is no
 * reason. `model`: what is sent to this host, if that is not the model of the body.
 */
export function takes(
  dialect: Dialect,
  { name }: { readonly name: string },
  body: Body,
  model: unknown = body['model'],
): Denial | undefined {
  const host = dialect.endpoints.get(name);
  if (host === undefined) {
    return deny(
      'endpoint_not_allowed',
      `The endpoint "${name}" is not served by ${dialect.title}.`,
    );
  }
  return (
    refusedModel(dialect, host, model) ??
    (host.own === undefined
      ? refusedVendorField(dialect, name, body)
      : refusedField(dialect, host.own, body))
  );
}

function refusedModel(dialect: Dialect, host: HostEndpoint, model: unknown): Denial | undefined {
  if (typeof model !== 'string') return undefined;
  const why = dialect.refusedModel?.(model) ?? host.refusedModel?.(model);
  return why === undefined ? undefined : refusal('model', `"${model}" of ${dialect.title} ${why}.`);
}

const vendorNames: ReadonlySet<string> = new Set(vendorFieldNames);

/** What a plan allows for other hosts; OpenAI has a `reasoning` of its own in one place. */
function refusedVendorField(dialect: Dialect, endpoint: string, body: Body): Denial | undefined {
  for (const name in body) {
    if (!vendorNames.has(name) || (name === 'reasoning' && endpoint === 'responses')) continue;
    return notTaken(dialect, name);
  }
  return undefined;
}

function refusedField(dialect: Dialect, own: OwnFields, body: Body): Denial | undefined {
  for (const name in body) {
    const value = body[name];
    if (value === null || value === undefined || isSetByGuard(name)) continue;
    if (name === 'service_tier' || name === 'store') {
      if (!takesSetting(own, name, value)) return notTaken(dialect, name);
      continue;
    }
    const rule = own.fields.get(name);
    if (rule === undefined && !isOmissible(name, value)) return notTaken(dialect, name);
    const fault = typeof rule === 'function' ? rule(value) : undefined;
    if (fault !== undefined) return refusal(name, `"${name}" ${fault} at ${dialect.title}.`);
  }
  return undefined;
}

const isSetByGuard = (name: string): boolean =>
  name === 'model' || name === 'stream_options' || capNames.has(name) || endUserNames.has(name);

/** The guard sets both to what OpenAI means by leaving them out. */
function takesSetting({ tiers, store }: OwnFields, name: string, value: unknown): boolean {
  if (name === 'store') return value === false || store === true;
  return value === 'default' || value === 'auto' || tiers?.[String(value)] !== undefined;
}

const notTaken = ({ title }: Dialect, name: string): Denial =>
  refusal(name, `"${name}" is not taken by ${title}.`);

const refusal = (param: string, message: string): Denial =>
  deny('parameter_not_allowed', message, { param });
