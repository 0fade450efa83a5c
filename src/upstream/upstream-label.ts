import type { Dialect } from './dialects/dialect.ts';

/** OpenAI with its regions. */
const OPENAI_HOST = /^(?:[a-z]+\.)?api\.openai\.com$/;

/**
 * Returns what messages to clients call an upstream: the name of a known host, or the operator's name of the
 * upstream. Never the address, which may be inside of a network, or name an account.
 */
export function upstreamLabel(name: string, dialect: Dialect, { hostname }: URL): string {
  if (dialect.name !== 'openai') return dialect.title;
  return OPENAI_HOST.test(hostname) ? dialect.title : `the upstream "${name}"`;
}

/** Returns a label as it begins a sentence. */
export const atStart = (label: string): string => label.charAt(0).toUpperCase() + label.slice(1);
