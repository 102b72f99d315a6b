import type { LedgerFile, LedgerStorage } from "./storage.ts";

/** Bytes in a buffer that is larger than they are, so that appending rarely copies. */
interface MemoryFile {
  buffer: Uint8Array;
  size: number;
}

/** A ledger that lives as long as this object: for fleets of simulated hosts in one process. */
export function createMemoryStorage(): LedgerStorage {
  const files = new Map<string, MemoryFile>();
  const fileOf = (name: string): MemoryFile => {
    const file = files.get(name) ?? { buffer: new Uint8Array(), size: 0 };
    files.set(name, file);
    return file;
  };
  return {
    list: async () => [...files.keys()].sort(),
    read: async (name) => fileOf(name).buffer.slice(0, fileOf(name).size),
    open: async (name, size) => {
      const file = fileOf(name);
      file.size = Math.min(size, file.size);
      return ledgerFile(file);
    },
    replace: async (name, bytes) => {
      files.set(name, { buffer: Uint8Array.from(bytes), size: bytes.length });
    },
    remove: async (name) => {
      files.delete(name);
    },
  };
}

function ledgerFile(file: MemoryFile): LedgerFile {
  return {
    write: async (bytes, position) => {
      const end = position + bytes.length;
      if (end > file.buffer.length) {
        const larger = new Uint8Array(2 * end);
        larger.set(file.buffer.subarray(0, file.size));
        file.buffer = larger;
      }
      file.buffer.set(bytes, position);
      file.size = Math.max(file.size, end);
    },
    sync: async () => undefined,
    allocate: async () => undefined,
    close: async () => undefined,
  };
}
