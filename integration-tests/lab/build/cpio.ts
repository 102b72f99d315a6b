import { readFile } from "node:fs/promises";

/** One entry of an initrd. `source` is a path on this machine; it is followed if it is a link. */
export type InitrdEntry =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly source: string; readonly mode: number }
  | { readonly kind: "data"; readonly path: string; readonly data: Buffer; readonly mode: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | {
      readonly kind: "character";
      readonly path: string;
      readonly major: number;
      readonly minor: number;
    };

const TYPE_BITS = { directory: 0o040755, link: 0o120777, character: 0o020600, regular: 0o100000 };

/**
 * Packs entries as an uncompressed `newc` cpio archive, the form the kernel unpacks fastest.
 *
 * Every entry belongs to root and has time 0, so that equal input gives equal bytes. Folders that
 * hold an entry are added before it.
 *
 * @see torvalds/linux Documentation/driver-api/early-userspace/buffer-format.rst
 */
export async function packInitrd(entries: readonly InitrdEntry[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let inode = 1;
  const folders = new Set<string>();
  const add = (path: string, mode: number, data: Buffer, device: readonly [number, number]) => {
    chunks.push(...packEntry({ path, mode, data, device, inode }));
    inode += 1;
  };
  const addFolders = (path: string) => {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      if (folders.has(folder)) continue;
      folders.add(folder);
      add(folder, TYPE_BITS.directory, Buffer.alloc(0), [0, 0]);
    }
  };
  for (const entry of entries) {
    addFolders(entry.path);
    if (entry.kind === "directory") {
      addFolders(`${entry.path}/`);
      continue;
    }
    const { mode, data, device } = await readEntry(entry);
    add(entry.path, mode, data, device);
  }
  add("TRAILER!!!", 0, Buffer.alloc(0), [0, 0]);
  return Buffer.concat(chunks);
}

async function readEntry(
  entry: Exclude<InitrdEntry, { kind: "directory" }>,
): Promise<{ mode: number; data: Buffer; device: readonly [number, number] }> {
  switch (entry.kind) {
    case "file":
      return {
        mode: TYPE_BITS.regular | entry.mode,
        data: await readFile(entry.source),
        device: [0, 0],
      };
    case "data":
      return { mode: TYPE_BITS.regular | entry.mode, data: entry.data, device: [0, 0] };
    case "link":
      return { mode: TYPE_BITS.link, data: Buffer.from(entry.target), device: [0, 0] };
    case "character":
      return {
        mode: TYPE_BITS.character,
        data: Buffer.alloc(0),
        device: [entry.major, entry.minor],
      };
    default:
      return entry satisfies never;
  }
}

interface RawEntry {
  readonly path: string;
  readonly mode: number;
  readonly data: Buffer;
  readonly device: readonly [number, number];
  readonly inode: number;
}

function packEntry({ path, mode, data, device, inode }: RawEntry): readonly Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const linkCount = 1;
  const fields = [
    inode,
    mode,
    0, // uid
    0, // gid
    linkCount,
    0, // mtime
    data.length,
    0, // device the file lies on
    0,
    device[0],
    device[1],
    name.length,
    0, // checksum, unused in this variant
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return [
    Buffer.from(header),
    name,
    padding(header.length + name.length),
    data,
    padding(data.length),
  ];
}

/** Zeroes up to the next multiple of four. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
