import type { LedgerFile, LedgerStorage } from "./storage.ts";

/** A ledger that lives as long as this object: for fleets of simulated hosts in one process. */
export function createMemoryStorage(): LedgerStorage {
  const files = new Map<string, Uint8Array>();
  return {
    list: async () => [...files.keys()].sort(),
    read: async (name) => files.get(name) ?? new Uint8Array(),
    open: async (name, size) => {
      files.set(name, resized(files.get(name) ?? new Uint8Array(), size));
      return memoryFile(files, name);
    },
    replace: async (name, bytes) => {
      files.set(name, Uint8Array.from(bytes));
    },
    remove: async (name) => {
      files.delete(name);
    },
  };
}

function memoryFile(files: Map<string, Uint8Array>, name: string): LedgerFile {
  const contents = () => files.get(name) ?? new Uint8Array();
  return {
    write: async (bytes, position) => {
      const end = position + bytes.length;
      const grown = end > contents().length ? resized(contents(), end) : contents();
      grown.set(bytes, position);
      files.set(name, grown);
    },
    sync: async () => undefined,
    allocate: async (size) => {
      if (size > contents().length) files.set(name, resized(contents(), size));
    },
    close: async () => undefined,
  };
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  return copy;
}
