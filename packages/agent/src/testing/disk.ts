import { createLife, type Life } from "@switchyard/hostsim";
import type { Random } from "@switchyard/runtime";
import type { LedgerFile, LedgerStorage } from "../ledger/storage.ts";

interface FileOnDisk {
  synced: Uint8Array;
  written: Uint8Array;
}

/** A disk that outlives its processes, counts syncs, fills up, and loses what was not synced. */
export interface Disk {
  mount(life?: Life): LedgerStorage;
  /** Loses an arbitrary part of what was written and not synced. */
  loseUnsynced(random: Random): void;
  /** Bytes it may hold; Infinity by default. */
  capacity: number;
  readonly syncCount: number;
  names(): readonly string[];
  read(name: string): Uint8Array;
  overwrite(name: string, bytes: Uint8Array): void;
}

class NoSpaceError extends Error {
  readonly code = "ENOSPC";
}

export function createDisk(): Disk {
  const files = new Map<string, FileOnDisk>();
  let syncCount = 0;
  const fileOf = (name: string): FileOnDisk => {
    const known = files.get(name) ?? { synced: new Uint8Array(), written: new Uint8Array() };
    files.set(name, known);
    return known;
  };
  const used = () => [...files.values()].reduce((sum, { written }) => sum + written.length, 0);

  const grow = (file: FileOnDisk, size: number) => {
    const more = size - file.written.length;
    if (more <= 0) return;
    if (used() + more > disk.capacity) throw new NoSpaceError("no space left on device");
    file.written = resized(file.written, size);
  };

  const openFile = (name: string, size: number, life: Life): LedgerFile => {
    const file = fileOf(name);
    file.written = resized(file.written, Math.min(size, file.written.length));
    file.synced = file.written.slice();
    return {
      write: (bytes, position) =>
        life.through(async () => {
          grow(file, position + bytes.length);
          file.written.set(bytes, position);
        }),
      sync: () =>
        life.through(async () => {
          syncCount += 1;
          file.synced = file.written.slice();
        }),
      allocate: (to) => life.through(async () => grow(file, to)),
      close: () => life.through(async () => undefined),
    };
  };

  const disk: Disk = {
    capacity: Number.POSITIVE_INFINITY,
    get syncCount() {
      return syncCount;
    },
    names: () => [...files.keys()].sort(),
    read: (name) => fileOf(name).written,
    overwrite: (name, bytes) => files.set(name, { synced: bytes, written: bytes }),
    loseUnsynced: (random) => {
      for (const file of files.values()) {
        const survivors = Math.floor(random.float() * (file.written.length + 1));
        const kept = resized(file.synced, Math.max(file.synced.length, survivors));
        kept.set(file.written.subarray(0, survivors));
        file.written = kept;
        file.synced = kept.slice();
      }
    },
    mount: (life = createLife()) => ({
      list: () => life.through(async () => disk.names()),
      read: (name) => life.through(async () => fileOf(name).written.slice()),
      open: (name, size) => life.through(async () => openFile(name, size, life)),
      replace: (name, bytes) =>
        life.through(async () => {
          if (used() + bytes.length > disk.capacity) throw new NoSpaceError("no space left");
          disk.overwrite(name, bytes.slice());
        }),
      remove: (name) =>
        life.through(async () => {
          files.delete(name);
        }),
    }),
  };
  return disk;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  return copy;
}
