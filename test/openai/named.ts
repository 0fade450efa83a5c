import type { UpstreamDescriptor } from '../../src/openai/endpoints/descriptor.ts';
import { descriptors } from '../../src/openai/endpoints/descriptors.ts';

/** The descriptor of an endpoint that OpenAI answers. */
export function endpointNamed(name: string): UpstreamDescriptor {
  const found = descriptors.find((descriptor) => descriptor.name === name);
  if (found === undefined || found.answer !== undefined) throw new Error(`no endpoint "${name}"`);
  return found;
}
