import type { ByteSource } from '../core/response.ts';

/**
 * Returns a source as a web stream that pulls no faster than its reader. `onCancel` is called when the
 * reader leaves. The stream breaks with the reason of `signal`; the abort must have stopped the source
 * before.
 */
export function webStream(
  source: ByteSource,
  onCancel: () => void,
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  let started = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      signal?.addEventListener('abort', () => controller.error(signal.reason), { once: true });
    },
    pull(controller) {
      if (started) return source.resume();
      started = true;
      source.start({
        write(chunk) {
          controller.enqueue(chunk);
          return (controller.desiredSize ?? 0) > 0;
        },
        end: () => controller.close(),
        fail: () => controller.error(new TypeError('The stream broke off.')),
      });
    },
    cancel: onCancel,
  });
}
