import { open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

/** A record's head that promises 100 bytes, of which a power cut let only some come to the disk. */
const HALF_RECORD = Uint8Array.of(100, 0, 0, 0, 1, 2, 3, 4, 11, 42, 42, 42);

/** Path and used length of the newest segment: what follows is space taken in advance, all zero. */
async function newestSegment(folder: string): Promise<{ path: string; used: number }> {
  const names = (await readdir(folder)).filter((name) => /^journal-\d+$/.test(name)).sort();
  const name = names.at(-1);
  if (name === undefined) throw new Error(`no ledger in ${folder}`);
  const path = join(folder, name);
  const bytes = await readFile(path);
  return { path, used: bytes.findLastIndex((octet) => octet !== 0) + 1 };
}

async function overwrite(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.write(bytes, 0, bytes.length, position);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Leaves half a record behind the last one, as a power cut in the middle of a write does. */
export async function tearTail(folder: string): Promise<void> {
  const { path, used } = await newestSegment(folder);
  await overwrite(path, used, HALF_RECORD);
}

/** Flips one bit in the middle of what was synced long ago. */
export async function flipBit(folder: string): Promise<void> {
  const { path, used } = await newestSegment(folder);
  const position = Math.floor(used / 2);
  const octet = (await readFile(path))[position]!; // before the end of what is used
  await overwrite(path, position, Uint8Array.of(octet ^ 1));
}

/** What the operator is told to do with a ledger that can't be read. */
export const moveAway = (folder: string): Promise<void> => rename(folder, `${folder}.broken`);
