import {
  connectNbd,
  disconnectNbd,
  findFreeNbd,
  mountFileSystem,
  readFileSystems,
  readOptional,
  unmountFolder,
} from "@switchyard/host";
import {
  canonicalJson,
  type DiskEdit,
  GUEST_PATHS,
  HostError,
  vmDiskPaths,
} from "@switchyard/model";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { editRoot } from "./edit-root.ts";

/** A free device is chosen and taken by one job at a time. */
const LOCK = "nbd";
/** The kernel reads the partition table after the device was connected. */
const PARTITIONS_TIMEOUT_MS = 15_000;
const PARTITIONS_INTERVAL_MS = 100;

interface State {
  /** JSON of the edit that the disk has; undefined before it has one. */
  readonly edit: string | undefined;
}

/** Lets go of a disk, whoever left it: nothing is mounted and no device shows it. May run twice. */
async function letGo({ host }: StepContext, vm: string): Promise<void> {
  const { nbd, mount, disk } = vmDiskPaths(vm);
  await unmountFolder(host, mount);
  const device = await readOptional(host, nbd);
  if (device !== undefined) await disconnectNbd(host, device, disk);
  await host.remove(nbd);
  await host.remove(mount);
}

/** The device is named on disk before it is taken, so that a crash leaves nothing that nobody knows. */
async function show(context: StepContext, vm: string): Promise<string> {
  const { host, locks } = context;
  const { nbd, disk } = vmDiskPaths(vm);
  return locks.run(LOCK, async () => {
    const device = await findFreeNbd(host);
    await host.replaceFile(nbd, `${device}\n`);
    await connectNbd(host, device, disk);
    return device;
  });
}

/** Mounts the file system that has the guest's accounts. */
async function mountRoot(context: StepContext, vm: string, device: string): Promise<string> {
  const { host } = context;
  const { mount } = vmDiskPaths(vm);
  const shown = await waitUntil(context, {
    timeoutMs: PARTITIONS_TIMEOUT_MS,
    intervalMs: PARTITIONS_INTERVAL_MS,
    read: () => readFileSystems(context.observer, device),
    isDone: (found) => found.length > 0,
  });
  for (const fileSystem of shown) {
    await mountFileSystem(host, fileSystem, mount);
    if (await host.exists(`${mount}${GUEST_PATHS.shadow}`)) return mount;
    await unmountFolder(host, mount);
  }
  throw new HostError("DISK_EDIT_FAILED", `${vm} has no root file system to edit`, {
    found: shown.map(({ path, type }) => `${type} on ${path}`).join(", ") || "no file system",
    needs: `one of ext2 to ext4, xfs, btrfs that has ${GUEST_PATHS.shadow}`,
  });
}

async function editDisk(context: StepContext, vm: string, edit: DiskEdit): Promise<void> {
  try {
    const device = await show(context, vm);
    await editRoot(context, await mountRoot(context, vm, device), edit);
  } finally {
    await letGo(context, vm);
  }
}

/** A disk is edited once, before its guest runs: what the guest changes later stays. */
export const ensureDiskEdited = ensure<"ensureDiskEdited", State>({
  read: async ({ host }, { vm }) => ({ edit: await readOptional(host, vmDiskPaths(vm).edit) }),
  isSatisfied: ({ edit: found }, { edit }) => found === canonicalJson(edit),
  apply: async (context, { vm, edit, isEdited = false }) => {
    await letGo(context, vm);
    if (!isEdited) await editDisk(context, vm, edit);
    await context.host.replaceFile(vmDiskPaths(vm).edit, canonicalJson(edit));
  },
  undo: async (context, { vm }, before) => {
    await letGo(context, vm);
    if (before.edit === undefined) await context.host.remove(vmDiskPaths(vm).edit);
  },
  failure: "DISK_EDIT_FAILED",
  isLasting: true,
});
