/** One entry of an alias: a model, of one upstream or of all that serve it. */
export interface ModelChoice {
  /** `undefined`: every upstream that serves the model. */
  readonly upstream: string | undefined;
  readonly model: string;
}

/** The aliases of the option `models`, each with its choices in order. */
export type ModelAliases = ReadonlyMap<string, readonly ModelChoice[]>;

/**
 * Reads `'main/gpt-5-mini'` as a model of the upstream `main`, and a name without an upstream before its
 * first slash as a model of every upstream that serves it. `TypeError` names an alias that is wrong.
 */
export function modelAliases(
  written: Readonly<Record<string, string | readonly string[]>>,
  upstreams: ReadonlySet<string>,
  path = 'options.models',
): ModelAliases {
  return new Map(
    Object.entries(written).map(([alias, choices]) => {
      const names = [choices].flat();
      if (names.length === 0)
        throw new TypeError(`"${path}.${alias}" must name at least one model`);
      if (new Set(names).size < names.length) {
        throw new TypeError(`"${path}.${alias}" must not name one model twice`);
      }
      return [alias, names.map((name) => choiceOf(name, upstreams, `${path}.${alias}`))];
    }),
  );
}

function choiceOf(name: string, upstreams: ReadonlySet<string>, path: string): ModelChoice {
  const slash = name.indexOf('/');
  const upstream = name.slice(0, Math.max(0, slash));
  if (!upstreams.has(upstream)) return { upstream: undefined, model: name };
  const model = name.slice(slash + 1);
  if (model === '') throw new TypeError(`"${path}" must name a model after "${upstream}/"`);
  return { upstream, model };
}
