import {
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
} from "node:fs/promises";
import { join } from "node:path";
import type { LedgerFile, LedgerStorage } from "./storage.ts";

/** O_DSYNC: a write is on disk when it returns, as by fdatasync, in one call instead of two. @see open(2) */
const SEGMENT_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC;

/** The ledger on the local file system; the folder is made with mode 0700. */
export function createFileStorage(folder: string): LedgerStorage {
  return {
    list: async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return (await readdir(folder)).sort();
    },
    read: (name) => readFile(join(folder, name)),
    open: async (name, size) => {
      const handle = await open(join(folder, name), SEGMENT_FLAGS);
      await handle.truncate(size);
      return ledgerFile(handle);
    },
    replace: (name, bytes) => replaceFile(folder, name, bytes),
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}

function ledgerFile(handle: FileHandle): LedgerFile {
  return {
    write: (bytes, position) => writeAll(handle, bytes, position),
    sync: async () => undefined,
    allocate: async (size) => {
      const { size: present } = await handle.stat();
      if (size > present) await writeAll(handle, new Uint8Array(size - present), present);
    },
    close: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.subarray(written);
    written += (await handle.write(rest, 0, rest.length, position + written)).bytesWritten;
  }
}

async function replaceFile(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `${name}.tmp`);
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(folder, name));
  const folderHandle = await open(folder, "r");
  try {
    await folderHandle.sync();
  } finally {
    await folderHandle.close();
  }
}
