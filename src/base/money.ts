export const NANO_USD_PER_USD = 1e9;
