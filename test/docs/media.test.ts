import { describe, expect, it } from 'vitest';
import {
  type ImageDetail,
  imageDetails,
  imageFamilies,
  type PatchLimit,
  type PatchRule,
} from '../../src/openai/media/image-families.ts';
import { rowsOf } from './markdown.ts';

const PAGE = 'docs/media.md';

/** `gpt-5.6`, `-sol`: a name that begins with `-` goes on from the first of its cell. */
function namesIn(cell = ''): string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  return names.map((name) => (name.startsWith('-') ? `${names[0]}${name}` : name));
}

const limitOf = ({ side, patches }: PatchLimit) =>
  [side && `${side.toLocaleString('en')} px`, patches?.toLocaleString('en')]
    .filter((part) => part !== undefined)
    .join(', ') || '**no maximum**';

function cellsOf(rule: PatchRule): string[] {
  const seen = new Map<PatchLimit, ImageDetail>();
  return imageDetails.map((detail) => {
    const limit = rule.limits[detail];
    const same = seen.get(limit);
    if (same === undefined) seen.set(limit, detail);
    return same === undefined ? limitOf(limit) : `as \`${same}\``;
  });
}

const written = rowsOf(PAGE).flatMap(([names, ...cells]) =>
  namesIn(names)
    .filter((name) => imageFamilies.has(name))
    .map((name) => [name, cells] as const),
);

describe(PAGE, () => {
  it(`${PAGE} has the rule of every family of models, as it is counted`, () => {
    const rules = [...imageFamilies].map(([name, rule]) => {
      if (rule.kind === 'patches') return [name, [`${rule.factor}`, ...cellsOf(rule)]] as const;
      return [name, [rule.base, rule.each].map((tokens) => tokens.toLocaleString('en'))] as const;
    });
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(rules));
  });
});
