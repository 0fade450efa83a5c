import type { Choices } from '../../soak/random.ts';

/** Times between events that come independently of each other. */
export const exponential = (random: Choices, mean: number): number =>
  -Math.log(1 - random.next()) * mean;

export const uniform = (random: Choices, least: number, most: number): number =>
  least + (most - least) * random.next();

/** Between two numbers, each order of magnitude as likely as another. */
export const logUniform = (random: Choices, least: number, most: number): number =>
  least * (most / least) ** random.next();

/** Many small numbers and a few large ones, with this mean. */
export function logNormal(random: Choices, mean: number): number {
  const sigma = 0.8;
  return mean * Math.exp(sigma * normal(random) - sigma ** 2 / 2);
}

const normal = (random: Choices): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
