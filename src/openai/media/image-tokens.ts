import { baseModel } from '../prices/model-names.ts';
import {
  type ImageDetail,
  type ImageRule,
  imageFamilies,
  type PatchLimit,
  type TileRule,
} from './image-families.ts';
import type { ImageSize } from './image-size.ts';

/** What frames one image. 3,008 tokens were measured where the rule gives 3,000. */
const FRAME_TOKENS = 16;

/** Returns how a model counts images; `undefined` where that is not published. */
export function imageRuleOf(model: string): ImageRule | undefined {
  return imageFamilies.get(baseModel(model));
}

/**
 * Returns the most input tokens that one image can cost. Without a `size` it is the most of any image.
 * Without a `rule` it is the most of any family. `Infinity`: nothing but the context bounds it.
 */
export function imageTokensMost(
  rule: ImageRule | undefined,
  detail: ImageDetail,
  size: ImageSize | undefined,
): number {
  if (rule === undefined) return dearest(detail, size);
  if (rule.kind === 'tiles') return tileTokens(rule, detail, size) + FRAME_TOKENS;
  const patches = patchesMost(rule.limits[detail], size);
  return Math.ceil(patches * rule.factor - ROUNDING) + FRAME_TOKENS;
}

/** Products of fractions come out a little above the whole number that they are. */
const ROUNDING = 1e-9;

function dearest(detail: ImageDetail, size: ImageSize | undefined): number {
  let most = 0;
  for (const rule of imageFamilies.values()) {
    most = Math.max(most, imageTokensMost(rule, detail, size));
  }
  return most;
}

const PATCH = 32;
const patchesOf = (pixels: number) => Math.ceil(Math.ceil(pixels - ROUNDING) / PATCH);

function patchesMost(limit: PatchLimit, size: ImageSize | undefined): number {
  const { side = Number.POSITIVE_INFINITY, patches = Number.POSITIVE_INFINITY } = limit;
  if (size === undefined) return Math.min(patches, patchesOf(side) ** 2);
  const scale = Math.min(1, side / Math.max(size.width, size.height));
  return Math.min(patches, patchesOf(size.width * scale) * patchesOf(size.height * scale));
}

const TILE = 512;
const LONG_SIDE = 2_048;
const SHORT_SIDE = 768;
/** 2,048 by 768. */
const TILES_MAX = 8;

function tileTokens(rule: TileRule, detail: ImageDetail, size: ImageSize | undefined): number {
  if (detail === 'low') return rule.base;
  return rule.base + rule.each * (size === undefined ? TILES_MAX : tilesOf(size));
}

function tilesOf({ width, height }: ImageSize): number {
  const fits = Math.min(1, LONG_SIDE / Math.max(width, height));
  const scale = fits * Math.min(1, SHORT_SIDE / (fits * Math.min(width, height)));
  const tiles = (side: number) => Math.ceil((side * scale) / TILE - ROUNDING);
  return tiles(width) * tiles(height);
}
