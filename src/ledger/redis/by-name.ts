type Run = () => Promise<unknown>;

/**
 * A script is sent by its name. A server that does not have it gets the text once, however many
 * verbs need it meanwhile, so that a burst after a start or a `SCRIPT FLUSH` does not send it again
 * and again.
 */
export class ByName {
  readonly #loading = new Map<string, Promise<unknown>>();

  run(name: string, named: Run, whole: Run): Promise<unknown> {
    return unlessUnknown(named, () => {
      const loading = this.#loading.get(name);
      if (loading === undefined) return this.#load(name, whole);
      // Another node of a Cluster may still not have it.
      return loading.then(() => unlessUnknown(named, whole));
    });
  }

  #load(name: string, whole: Run): Promise<unknown> {
    const running = whole();
    const end = () => this.#loading.delete(name);
    this.#loading.set(name, running.then(end, end));
    return running;
  }
}

async function unlessUnknown(named: Run, otherwise: Run): Promise<unknown> {
  try {
    return await named();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return otherwise();
    throw error;
  }
}
