import { growDisk, readDiskInfo } from "@switchyard/host";
import { vmDiskPaths } from "@switchyard/model";
import { ensure } from "../executor.ts";

/** Not taken back: shrinking loses what a guest wrote, and room that nobody uses takes none on the host. */
export const ensureDiskSize = ensure<"ensureDiskSize", { readonly virtualSizeBytes: number }>({
  read: async ({ host }, { vm }) => {
    const { virtualSizeBytes } = await readDiskInfo(host, vmDiskPaths(vm).disk);
    return { virtualSizeBytes };
  },
  isSatisfied: ({ virtualSizeBytes }, { sizeBytes }) => virtualSizeBytes >= sizeBytes,
  apply: ({ host }, { vm, sizeBytes }) => growDisk(host, vmDiskPaths(vm).disk, sizeBytes),
  undo: undefined,
  failure: "VM_DISK_UNEXPECTED",
  isLasting: true,
});
