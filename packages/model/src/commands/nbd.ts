import type { Argv } from "./argv.ts";

/** Partitions of one device that get a file of their own. Without it the kernel may show none. @see modinfo nbd */
const PARTITIONS_MAX = 16;

export const loadNbd: Argv = ["modprobe", "nbd", `max_part=${PARTITIONS_MAX}`];

/** File systems that a guest's root is looked for on. */
export const ROOT_FILE_SYSTEMS = ["ext4", "xfs", "btrfs", "ext3", "ext2"] as const;

/** Shows a disk as a block device of the host, until it is disconnected. @see qemu-nbd(8) */
export const nbdConnect = (device: string, disk: string): Argv => [
  "qemu-nbd",
  `--connect=${device}`,
  "--format=qcow2",
  "--cache=writeback",
  "--",
  disk,
];

/** Also of a device that nothing is connected to. @see qemu-nbd(8) */
export const nbdDisconnect = (device: string): Argv => ["qemu-nbd", `--disconnect`, device];

/** @see lsblk(8) */
export const listFileSystems = (device: string): Argv => [
  "lsblk",
  "--json",
  "--list",
  "--output",
  "PATH,FSTYPE",
  device,
];

/**
 * Nothing on a stranger's file system runs, is a device, or gives rights. An XFS may have the UUID of another
 * that is mounted, as clones do.
 *
 * @see mount(8), xfs(5)
 */
export const mountDisk = (
  fileSystem: { readonly path: string; readonly type: string },
  folder: string,
): Argv => [
  "mount",
  "-t",
  fileSystem.type,
  "-o",
  `nosuid,nodev,noexec${fileSystem.type === "xfs" ? ",nouuid" : ""}`,
  "--",
  fileSystem.path,
  folder,
];

/** Writes everything out before it ends. @see umount(8) */
export const unmount = (folder: string): Argv => ["umount", "--", folder];

/** Where paths lead once every link on the way is followed; they need not exist. @see realpath(1) */
export const resolvePaths = (paths: readonly string[]): Argv => ["realpath", "-m", "--", ...paths];

/** Writes its input in place, so that the file keeps owner, mode and label. @see tee(1) */
export const writeInPlace = (path: string): Argv => ["tee", "--", path];
