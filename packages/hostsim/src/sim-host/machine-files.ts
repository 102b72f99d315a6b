import { RANGE_BYTES_MAX } from "@switchyard/host";
import { findNode, isComputedPath } from "../files/tree.ts";
import type { Act } from "../machine/act.ts";
import { diskOf, freeBytesOn } from "../machine/disks.ts";
import type { Machine } from "../machine/machine.ts";
import { Refusal } from "../machine/refusal.ts";

/*
 * What the calls of the Host port on files do to a machine: files as they are stored, and those that the
 * kernel computes, below /proc and /sys. All throw Refusal with the errno that Linux would give.
 */

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

export function readText(machine: Machine, path: string): string {
  if (!isComputedPath(path)) return machine.files.read(path);
  const node = findNode(machine, path, true);
  if (node.kind !== "file") throw new Refusal("EISDIR");
  if (node.read === undefined) throw new Refusal("EACCES");
  return node.read();
}

/** Into a file that is there; what the kernel does with it belongs to the act. */
export async function writeText(
  machine: Machine,
  { act, path, text }: { readonly act: Act; readonly path: string; readonly text: string },
): Promise<void> {
  if (!isComputedPath(path)) {
    machine.files.read(path);
    machine.files.write(path, text);
    return;
  }
  const node = findNode(machine, path, true);
  if (node.kind !== "file") throw new Refusal("EISDIR");
  if (node.write === undefined) throw new Refusal("EACCES");
  await node.write(act, text);
}

/** What is stored can be replaced, removed and made; what the kernel computes can't. */
export function requireStored(path: string, errno: Refusal["errno"] = "EPERM"): void {
  if (isComputedPath(path)) throw new Refusal(errno);
}

/** A range as the port allows it, of a stored file. */
export function requireRange(path: string, offset: number, length: number): void {
  const isRange = offset >= 0 && length >= 1 && length <= RANGE_BYTES_MAX;
  if (!isRange) throw new Refusal("EINVAL");
  requireStored(path, "EINVAL");
}

/** What pwrite does, on a disk that may be full. */
export function writeAt(
  machine: Machine,
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): void {
  const { files } = machine;
  if (!files.isFolder(folderOf(path))) throw new Refusal("ENOENT");
  if (freeBytesOn(machine, diskOf(path)) < bytes.length) throw new Refusal("ENOSPC");
  const before = files.isFile(path) ? files.readBytes(path) : new Uint8Array();
  const after = new Uint8Array(Math.max(before.length, offset + bytes.length));
  after.set(before);
  after.set(bytes, offset);
  files.writeBytes(path, after);
}

export function listEntries(machine: Machine, path: string): readonly string[] {
  if (!isComputedPath(path)) return machine.files.list(path);
  const node = findNode(machine, path, true);
  if (node.kind !== "folder") throw new Refusal("ENOTDIR");
  return Object.keys(node.entries()).sort();
}

export function readTarget(machine: Machine, path: string): string {
  const { files } = machine;
  if (!isComputedPath(path)) {
    const target = files.findLink(path);
    if (target !== undefined) return target;
    files.list(folderOf(path));
    throw new Refusal(files.isFile(path) ? "EINVAL" : "ENOENT");
  }
  const node = findNode(machine, path, false);
  if (node.kind !== "link") throw new Refusal("EINVAL");
  return node.target;
}

/** @throws Refusal where a computed path is not there */
export function isPresent(machine: Machine, path: string): boolean {
  const { files } = machine;
  if (!isComputedPath(path)) return files.isFile(path) || files.isFolder(path);
  findNode(machine, path, true);
  return true;
}
