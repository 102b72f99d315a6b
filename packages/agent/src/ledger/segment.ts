import { isNoSpace, type LedgerFile, type LedgerStorage } from "./storage.ts";

/** Space is taken ahead in pieces of this size, so that a sync needs no new blocks. */
const ALLOCATION_BYTES = 256 * 1024;
/**
 * Space that stays allocated for jobs that already run. When the disk is full new jobs are refused while
 * this much is left: some hundred steps.
 */
export const RESERVE_BYTES = 128 * 1024;

/** The segment that is written, with its space taken in advance. */
export interface Segment {
  readonly name: string;
  readonly size: number;
  /** The disk gave no more space; only the reserve is left. */
  readonly isFull: boolean;
  /** Writes and syncs. @throws Error with code ENOSPC when the reserve is used up too */
  commit(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export async function openSegment(options: {
  readonly storage: LedgerStorage;
  readonly name: string;
  readonly size: number;
}): Promise<Segment> {
  const file = await options.storage.open(options.name, options.size);
  let { size } = options;
  let allocated = size;
  let isFull = false;

  const allocate = async (needed: number) => {
    if (allocated - needed >= RESERVE_BYTES) return;
    const wanted = needed + RESERVE_BYTES + ALLOCATION_BYTES;
    isFull = !(await tryAllocate(file, wanted));
    if (!isFull) allocated = wanted;
  };
  await allocate(size);

  return {
    name: options.name,
    get size() {
      return size;
    },
    get isFull() {
      return isFull;
    },
    commit: async (bytes) => {
      await allocate(size + bytes.length);
      await file.write(bytes, size);
      await file.sync();
      size += bytes.length;
    },
    close: () => file.close(),
  };
}

async function tryAllocate(file: LedgerFile, size: number): Promise<boolean> {
  try {
    await file.allocate(size);
    return true;
  } catch (error) {
    if (isNoSpace(error)) return false;
    throw error;
  }
}
