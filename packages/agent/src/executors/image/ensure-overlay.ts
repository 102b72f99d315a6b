import { createDisk, placeArtefact, readDiskInfo } from "@switchyard/host";
import { HostError, type StepArguments, vmDiskPaths } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

type Args = StepArguments["ensureOverlay"];

interface State {
  readonly disk: "absent" | "as-wanted" | "other";
}

async function readDisk({ host }: StepContext, { vm, base }: Args): Promise<State["disk"]> {
  const { disk } = vmDiskPaths(vm);
  if (!(await host.exists(disk))) return "absent";
  return (await readDiskInfo(host, disk)).backingFile === base ? "as-wanted" : "other";
}

/** qemu-img makes an overlay that shows only the beginning of its base, and says nothing. */
async function refuseSmaller({ host }: StepContext, { base, sizeBytes }: Args): Promise<void> {
  if (base === undefined || sizeBytes === undefined) return;
  const { virtualSizeBytes } = await readDiskInfo(host, base);
  if (sizeBytes >= virtualSizeBytes) return;
  throw new HostError(
    "VM_DISK_TOO_SMALL",
    `the image's disk does not fit into ${sizeBytes} bytes`,
    {
      found: `${sizeBytes} bytes`,
      needs: `at least ${virtualSizeBytes} bytes`,
    },
  );
}

/** A disk that is there is never made anew: it may hold what a guest wrote. */
export const ensureOverlay = ensure<"ensureOverlay", State>({
  read: async (context, args) => ({ disk: await readDisk(context, args) }),
  isSatisfied: ({ disk }) => disk === "as-wanted",
  apply: async (context, args) => {
    const { host } = context;
    const { disk, diskPartial, folder } = vmDiskPaths(args.vm);
    switch (await readDisk(context, args)) {
      case "as-wanted":
        return;
      case "other":
        throw new HostError("VM_DISK_UNEXPECTED", `${args.vm} has a disk that is not its own`, {
          found: `${disk} of another image`,
          needs: args.base ?? "an empty disk",
        });
      case "absent":
        await refuseSmaller(context, args);
        await host.makeFolder(folder);
        await host.remove(diskPartial);
        await createDisk(host, diskPartial, args);
        await placeArtefact(host, diskPartial, disk);
    }
  },
  undo: async ({ host }, { vm }, before) => {
    const { disk, diskPartial } = vmDiskPaths(vm);
    await host.remove(diskPartial);
    if (before.disk === "absent") await host.remove(disk);
  },
  failure: "VM_DISK_UNEXPECTED",
  isLasting: true,
});
