/** A block of a user or a group, as it is stored. */
export interface Block {
  /** Why. The user sees it. */
  readonly reason: string;
  /** Unix ms; `undefined` blocks until unblocked. */
  readonly untilMs?: number;
}

/** Returns the block that counts now; `undefined` if there is none. */
export function activeBlock(
  { block }: { readonly block?: Block | undefined },
  nowMs: number,
): Block | undefined {
  if (block === undefined) return undefined;
  return block.untilMs === undefined || block.untilMs > nowMs ? block : undefined;
}
