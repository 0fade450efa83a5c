/**
 * `npm run prices`: writes what the guard reads of `@pydantic/genai-prices` to `src/openai/prices/price-list.json`.
 * Each model is a line, so that each changed price is a line of the diff.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { findProvider, type ModelInfo, type Provider } from '@pydantic/genai-prices';
import { dialects } from '../src/upstream/dialects/dialects.ts';

const LIST = new URL('../src/openai/prices/price-list.json', import.meta.url);

const hosts = Object.values(dialects).flatMap(({ priceProvider }) => priceProvider ?? []);
const direct = hosts.map(provider);
const behind = direct.flatMap(({ fallback_model_providers: ids = [] }) => ids).map(provider);

writeFileSync(
  LIST,
  `{
  "source": "@pydantic/genai-prices ${installed()}",
  "providers": [
${[...new Set([...direct, ...behind])].map(textOf).join(',\n')}
  ]
}
`,
);

function provider(providerId: string): Provider {
  const found = findProvider({ providerId });
  if (found === undefined) throw new Error(`There is no provider "${providerId}".`);
  return found;
}

function textOf({ id, fallback_model_providers: fallbacks = [], models }: Provider): string {
  const lines = models.map((model) => `        ${modelText(model)}`).join(',\n');
  const named = `"id": ${JSON.stringify(id)},\n      "fallbacks": ${JSON.stringify(fallbacks)}`;
  return `    {\n      ${named},\n      "models": [\n${lines}\n      ]\n    }`;
}

function modelText({ id, match, prices }: ModelInfo): string {
  return JSON.stringify({ id, match, prices });
}

function installed(): string {
  const file = new URL('../node_modules/@pydantic/genai-prices/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
