import {
  placeArtefact,
  readAvailableBytes,
  readDiskInfo,
  readFileSize,
  readOptional,
  readSha256,
  syncDisks,
} from "@switchyard/host";
import { HostError, type StepArguments, VM_DISK_FOLDER, vmDiskPaths } from "@switchyard/model";
import { copyDisk } from "../../moves/copy-disk.ts";
import { ensure, type StepContext } from "../executor.ts";

type Args = StepArguments["ensureDiskCopy"];

interface State {
  readonly hasDisk: boolean;
  /** The move that brought it. */
  readonly received: string | undefined;
  /** The VM had files on disk before. */
  readonly hasFolder: boolean;
}

/** Copies of one disk: a first that goes on from what was there, and one from the beginning. */
const COPIES_MAX = 2;

/** Found before anything is copied; what others write meanwhile is found when it happens. */
async function refuseFull({ observer }: StepContext, { vm, transfer }: Args): Promise<void> {
  const { diskPartial } = vmDiskPaths(vm);
  const available = await readAvailableBytes(observer, VM_DISK_FOLDER);
  if (available === undefined) return;
  const there = (await observer.exists(diskPartial))
    ? await readFileSize(observer, diskPartial)
    : 0;
  const missing = transfer.sizeBytes - there;
  if (missing <= available) return;
  throw new HostError("DISK_NO_SPACE", `the disk of ${vm} does not fit on the host`, {
    found: `${available} bytes free below ${VM_DISK_FOLDER}`,
    needs: `${missing} bytes`,
  });
}

/** A file with another content is copied once more from the beginning, and is never kept. */
async function copyWhole(context: StepContext, { vm, transfer }: Args): Promise<void> {
  const { host, say } = context;
  const { diskPartial } = vmDiskPaths(vm);
  for (let copies = 1; ; copies += 1) {
    await copyDisk(context, transfer, diskPartial);
    await syncDisks(host);
    const sum = await readSha256(host, diskPartial);
    if (sum === transfer.sha256) return;
    await host.remove(diskPartial);
    if (copies >= COPIES_MAX) {
      throw new HostError("DISK_COPY_WRONG", `the copy of the disk of ${vm} is not what it was`, {
        found: sum ?? "no file",
        needs: transfer.sha256,
      });
    }
    say("the copy differs from the disk; copying it from the beginning");
  }
}

/** The base has one place on every host, so that what the disk names is right here too. */
async function refuseOtherBase({ host }: StepContext, { vm, base }: Args): Promise<void> {
  const { backingFile } = await readDiskInfo(host, vmDiskPaths(vm).diskPartial);
  if (backingFile === base) return;
  throw new HostError("VM_DISK_UNEXPECTED", `the disk of ${vm} stands on another file`, {
    found: backingFile ?? "no file",
    needs: base ?? "a disk that stands on none",
  });
}

/**
 * The mark is written last: a disk without it was not brought by this move, and is somebody's. Undo takes
 * away the copy; the host it came from still has the disk.
 */
export const ensureDiskCopy = ensure<"ensureDiskCopy", State>({
  read: async ({ host }, { vm }) => {
    const { disk, diskReceived, folder } = vmDiskPaths(vm);
    return {
      hasDisk: await host.exists(disk),
      received: (await readOptional(host, diskReceived))?.trim(),
      hasFolder: await host.exists(folder),
    };
  },
  isSatisfied: ({ hasDisk, received }, { transfer }) => hasDisk && received === transfer.move,
  apply: async (context, args) => {
    const { host } = context;
    const { vm, transfer } = args;
    const { folder, disk, diskPartial, diskReceived } = vmDiskPaths(vm);
    if (!(await host.exists(disk))) {
      await refuseFull(context, args);
      await host.makeFolder(folder);
      await copyWhole(context, args);
      await refuseOtherBase(context, args);
      await placeArtefact(host, diskPartial, disk);
    } else if ((await readSha256(host, disk)) !== transfer.sha256) {
      throw new HostError("VM_DISK_UNEXPECTED", `the host has another disk of ${vm}`, {
        found: `a file ${disk}`,
        needs: "no disk, or the one that is copied",
      });
    }
    await host.replaceFile(diskReceived, `${transfer.move}\n`);
  },
  undo: async ({ host }, { vm }, before) => {
    const { folder, disk, diskPartial, diskReceived } = vmDiskPaths(vm);
    await host.remove(diskPartial);
    if (before.hasDisk) return;
    await host.remove(disk);
    await host.remove(diskReceived);
    if (!before.hasFolder) await host.remove(folder);
  },
  failure: "DISK_COPY_WRONG",
  isLasting: true,
  isHarmless: true,
});
