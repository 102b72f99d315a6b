/**
 * A place in the log of changes: everything up to and including it was seen. Changes are ordered by the
 * transaction that made them, then by number, because numbers alone are given out before commit.
 */
export interface Position {
  readonly xid: bigint;
  readonly seq: bigint;
}

export function comparePositions(left: Position, right: Position): number {
  if (left.xid !== right.xid) return left.xid < right.xid ? -1 : 1;
  if (left.seq !== right.seq) return left.seq < right.seq ? -1 : 1;
  return 0;
}

/** The place before every change of transaction `xid`: where a reader stands that saw all below it. */
export const beforeTransaction = (xid: bigint): Position => ({ xid, seq: 0n });
