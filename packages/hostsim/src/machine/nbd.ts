import type { FileStore } from "../files/file-store.ts";
import {
  type DiskEntry,
  type DiskPartition,
  qcow2File,
  readQcow2,
  type SimQcow2,
} from "../programs/disk-images.ts";
import { type Act, note } from "./act.ts";
import { endProcess, startProcess } from "./process.ts";
import { Refusal } from "./refusal.ts";

/** Devices that the module makes. Source: drivers/block/nbd.c, nbds_max */
export const NBD_COUNT = 16;

/** A disk shown as `/dev/nbdN`. */
export interface NbdConnection {
  readonly pid: number;
  readonly disk: string;
}

/** A partition of such a disk, mounted on a folder. */
export interface Mount {
  readonly device: string;
  readonly type: string;
  readonly disk: string;
  readonly partition: number;
}

const readDisk = (files: FileStore, path: string): SimQcow2 => {
  const found = readQcow2(files.read(path));
  if ("refusal" in found) throw new Refusal("EINVAL");
  return found.image;
};

/** What a guest finds on the disk: its own, or what it stands on. */
export function partitionsOf(files: FileStore, path: string): readonly DiskPartition[] {
  const { partitions, backingFile } = readDisk(files, path);
  if (partitions !== undefined) return partitions;
  return backingFile === undefined ? [] : partitionsOf(files, backingFile);
}

/** @throws Refusal EBUSY (connected), ENODEV (no such device), EINVAL (no qcow2) */
export function connectNbd(act: Act, name: string, disk: string): void {
  const { machine } = act;
  const { nbd, modules } = machine.boot;
  if (!modules.has("nbd") || Number(name.slice("nbd".length)) >= NBD_COUNT) {
    throw new Refusal("ENODEV");
  }
  if (nbd.has(name)) throw new Refusal("EBUSY");
  readDisk(machine.files, disk);
  const argv = ["qemu-nbd", `--connect=/dev/${name}`, "--format=qcow2", "--", disk];
  const { pid } = startProcess(machine, { name: "qemu-nbd", argv, qemu: undefined });
  nbd.set(name, { pid, disk });
  note(act, `nbd ${name}`, { before: "free", after: disk });
}

/** A device that nothing is connected to is left as it is. */
export function disconnectNbd(act: Act, name: string): void {
  const { machine } = act;
  const connection = machine.boot.nbd.get(name);
  if (connection === undefined) return;
  machine.boot.nbd.delete(name);
  endProcess(machine, connection.pid);
  note(act, `nbd ${name}`, { before: connection.disk, after: "free" });
}

const DEVICE = /^\/dev\/(nbd\d+)p(\d+)$/;

function put(files: FileStore, path: string, entry: DiskEntry): void {
  if (typeof entry === "string") files.write(path, entry);
  else if ("link" in entry) files.makeLink(path, entry.link);
  else files.makeFolder(path);
}

/** @throws Refusal ENOENT (no such device), EINVAL (another file system), EBUSY (mounted) */
export function mountPartition(act: Act, mount: { device: string; type: string; folder: string }) {
  const { machine } = act;
  const { files, boot } = machine;
  const [, name = "", number = ""] = DEVICE.exec(mount.device) ?? [];
  const connection = boot.nbd.get(name);
  const partition = Number(number) - 1;
  const found = connection && partitionsOf(files, connection.disk)[partition];
  if (connection === undefined || found === undefined) throw new Refusal("ENOENT");
  if (found.type !== mount.type) throw new Refusal("EINVAL");
  if (boot.mounts.has(mount.folder)) throw new Refusal("EBUSY");
  const { device, type, folder } = mount;
  boot.mounts.set(folder, { device, type, disk: connection.disk, partition });
  for (const [path, entry] of Object.entries(found.entries)) put(files, `${folder}/${path}`, entry);
  note(act, `mount ${folder}`, { before: "absent", after: device });
}

function entriesOf(files: FileStore, root: string, below = ""): [string, DiskEntry][] {
  const names = files.list(`${root}/${below}`);
  return names.flatMap((name): [string, DiskEntry][] => {
    const path = below === "" ? name : `${below}/${name}`;
    const whole = `${root}/${path}`;
    const target = files.findLink(whole);
    if (target !== undefined) return [[path, { link: target }]];
    if (files.isFile(whole)) return [[path, files.read(whole)]];
    const inside = entriesOf(files, root, path);
    return inside.length === 0 ? [[path, { folder: true }]] : inside;
  });
}

/** Writes the partition back to its disk. @throws Refusal EINVAL where nothing is mounted */
export function unmountFolder(act: Act, folder: string): void {
  const { machine } = act;
  const { files, boot } = machine;
  const mount = boot.mounts.get(folder);
  if (mount === undefined) throw new Refusal("EINVAL");
  const entries = Object.fromEntries(entriesOf(files, folder));
  const partitions = partitionsOf(files, mount.disk).with(mount.partition, {
    type: mount.type,
    entries,
  });
  files.write(mount.disk, qcow2File({ ...readDisk(files, mount.disk), partitions }));
  for (const name of files.list(folder)) files.remove(`${folder}/${name}`);
  files.makeFolder(folder);
  boot.mounts.delete(folder);
  note(act, `mount ${folder}`, { before: mount.device, after: "absent" });
}
