import { hash } from 'node:crypto';
import type { CallFilter, Limit } from './limit.ts';
import { type ModelList, mayAllow, modelsAndSnapshots } from './model-list.ts';

interface WrittenFilter {
  readonly models?: readonly string[] | undefined;
  readonly endpoints?: readonly string[] | undefined;
}

/** Returns which calls a limit counts; `undefined` for all. */
export function callFilter({ models, endpoints }: WrittenFilter): CallFilter | undefined {
  if (models === undefined && endpoints === undefined) return undefined;
  return {
    models: models && modelsAndSnapshots(models),
    endpoints: endpoints && new Set(endpoints),
  };
}

const READABLE = /^[\w.:/*-]+$/;
const SUFFIX_LENGTH_MAX = 32;

/** Returns the end of a name or key that tells filters apart, in whichever order their entries are written. */
export function filterSuffix({ models = [], endpoints = [] }: WrittenFilter): string {
  const [ofModels, ofEndpoints] = [sorted(models), sorted(endpoints)];
  const suffix = marked('-', ofModels) + marked('@', ofEndpoints);
  const isShown = suffix.length <= SUFFIX_LENGTH_MAX && models.every((name) => READABLE.test(name));
  if (isShown) return suffix;
  const digest = hash('sha256', JSON.stringify([ofModels, ofEndpoints]), 'base64url');
  return `~${digest.slice(0, 16)}`;
}

const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort();

const marked = (mark: string, list: readonly string[]): string =>
  list.length === 0 ? '' : mark + list.join('+');

/** Throws a `TypeError` if a limit names a model that no list of `allowed` allows: it would count no such call. */
export function refuseUnknownModels(
  limits: readonly Limit[],
  allowed: readonly ModelList[],
  path: string,
): void {
  limits.forEach(({ filter }, index) => {
    const counted = filter?.models?.patterns ?? [];
    const place = counted.findIndex((name) => !allowed.some((list) => mayAllow(list, name)));
    if (place >= 0)
      throw unknownModel(`${path}[${index}].models.${place}`, counted[place], allowed);
  });
}

function unknownModel(path: string, name: string | undefined, allowed: readonly ModelList[]) {
  const known = [...new Set(allowed.flatMap(({ patterns }) => patterns))];
  return new TypeError(
    `"${path}": "${name}" is no model that may be called here; the models are "${known.join('", "')}"`,
  );
}
