export interface Incoming {
  /** Reads until `text` has arrived, and no further. Returns everything received so far. */
  until(text: string): Promise<string>;
  /** Reads to the end. Returns everything received. */
  whole(): Promise<string>;
  /** Disconnects. */
  cancel(): Promise<void>;
}

/** The body of a streamed answer, read only on demand. */
export function incoming(answer: Response): Incoming {
  if (answer.body === null) throw new Error('The answer has no body.');
  const reader = answer.body.getReader();
  let received = '';
  const readOn = async () => {
    const { done, value } = await reader.read();
    if (!done) received += Buffer.from(value).toString();
    return !done;
  };
  return {
    async until(text) {
      while (!received.includes(text)) {
        if (!(await readOn())) throw new Error(`"${text}" never came: ${received}`);
      }
      return received;
    },
    async whole() {
      while (await readOn());
      return received;
    },
    cancel: () => reader.cancel(),
  };
}
