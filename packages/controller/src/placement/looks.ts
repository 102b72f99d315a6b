/** Looks at something, one after the other; all who ask while one is under way share the next. */
export interface Looks {
  /** A look that begins after the call. */
  next(): Promise<void>;
  /** The newest look that is not over, which may have begun before the call. */
  underWay(): Promise<void> | undefined;
}

export function createLooks(look: () => Promise<void>): Looks {
  /** Over once no look is under way. */
  let last: Promise<void> = Promise.resolve();
  let newest: Promise<void> | undefined;
  /** The look that has not begun. */
  let waiting: Promise<void> | undefined;

  const queue = (): Promise<void> => {
    const own = last.then(() => {
      waiting = undefined;
      return look();
    });
    newest = own;
    last = own
      .catch(() => undefined)
      .then(() => {
        if (newest === own) newest = undefined;
      });
    return own;
  };
  return {
    next: () => {
      waiting ??= queue();
      return waiting;
    },
    underWay: () => newest,
  };
}
