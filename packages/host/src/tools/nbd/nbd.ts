import {
  type Argv,
  HostError,
  listFileSystems,
  loadNbd,
  mountDisk,
  nbdConnect,
  nbdDisconnect,
  ROOT_FILE_SYSTEMS,
  unmount,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { hostError, listOptional, readOptional, runChecked } from "../tool.ts";
import { parseFileSystems, type ShownFileSystem } from "./parse.ts";

/** Reading a partition table and mounting with a log to be replayed, on a slow disk. */
const DISK_TIMEOUT_MS = 120_000;

/** Where the kernel lists block devices; `pid` is there while something is connected. @see drivers/block/nbd.c */
const BLOCK = "/sys/block";
const pidFile = (name: string): string => `${BLOCK}/${name}/pid`;

async function run(host: Host, argv: Argv, what: string): Promise<void> {
  const result = await host.run({ argv, timeoutMs: DISK_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  throw hostError({ reason: "DISK_EDIT_FAILED", message: `${what} failed`, argv, result });
}

const listNbd = async (host: Host): Promise<readonly string[]> =>
  (await listOptional(host, BLOCK)).filter((name) => /^nbd\d+$/.test(name));

/** @throws HostError DISK_EDIT_FAILED where the kernel has no nbd, or none is free */
export async function findFreeNbd(host: Host): Promise<string> {
  if ((await listNbd(host)).length === 0) await run(host, loadNbd, "loading the module nbd");
  const names = await listNbd(host);
  for (const name of names) {
    if ((await readOptional(host, pidFile(name))) === undefined) return `/dev/${name}`;
  }
  throw new HostError("DISK_EDIT_FAILED", "no network block device is free", {
    found: `${names.length} devices, all connected`,
    needs: "one that nothing is connected to",
    try: "Disconnect those nobody uses: qemu-nbd --disconnect /dev/nbdN",
  });
}

/** Nothing else may have the disk open. @throws HostError DISK_EDIT_FAILED */
export const connectNbd = (host: Host, device: string, disk: string): Promise<void> =>
  run(host, nbdConnect(device, disk), `showing ${disk} as ${device}`);

/**
 * Disconnects the device where it is connected to this disk, and leaves any other alone. May run twice.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function disconnectNbd(host: Host, device: string, disk: string): Promise<void> {
  const pid = await readOptional(host, pidFile(device.slice("/dev/".length)));
  if (pid === undefined) return;
  const words = (await readOptional(host, `/proc/${pid}/cmdline`))?.split("\0") ?? [];
  if (!words.includes(disk)) return;
  await runChecked(host, { argv: nbdDisconnect(device), timeoutMs: DISK_TIMEOUT_MS });
}

/** Those a guest's root may be on. @throws CommandError COMMAND_FAILED, COMMAND_OUTPUT_UNREADABLE */
export async function readFileSystems(
  host: Host,
  device: string,
): Promise<readonly ShownFileSystem[]> {
  const { stdout } = await runChecked(host, { argv: listFileSystems(device) });
  const known: readonly string[] = ROOT_FILE_SYSTEMS;
  return parseFileSystems(stdout).filter(({ type }) => known.includes(type));
}

/** @throws HostError DISK_EDIT_FAILED */
export async function mountFileSystem(
  host: Host,
  shown: ShownFileSystem,
  folder: string,
): Promise<void> {
  await host.makeFolder(folder);
  await run(host, mountDisk(shown, folder), `mounting ${shown.path}`);
}

/** Unmounts what is mounted on the folder, if anything. May run twice. @throws CommandError COMMAND_FAILED */
export async function unmountFolder(host: Host, folder: string): Promise<void> {
  const mounts = (await readOptional(host, "/proc/mounts")) ?? "";
  const isMounted = mounts.split("\n").some((line) => line.split(" ")[1] === folder);
  if (isMounted) await runChecked(host, { argv: unmount(folder), timeoutMs: DISK_TIMEOUT_MS });
}
