/** Returns the argument that `startChild` passed to this process. */
export function argumentOf<Argument>(): Argument {
  return JSON.parse(process.argv[2] ?? 'null') as Argument;
}

/** In a process that `startChild` forked: reports that it is ready, then replies to each message. */
export function answerParent<Message>(
  ready: object,
  answer: (message: Message) => object | Promise<object>,
): void {
  process.on('message', async (message) => {
    process.send?.(await answer(message as Message));
  });
  process.on('disconnect', () => process.exit());
  process.send?.(ready);
}
