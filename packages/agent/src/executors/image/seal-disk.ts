import { readFileSize, readSha256, readVmProcess } from "@switchyard/host";
import { HostError, vmDiskPaths } from "@switchyard/model";
import type { Executor } from "../executor.ts";

/** A disk that is summed must be nobody's: its VM is gone, and nothing else writes into it. */
export const sealDisk: Executor<"sealDisk"> = {
  kind: "observe",
  observe: async ({ host, observer, say }, { vm }) => {
    const process = await readVmProcess(observer, vm);
    if (process?.isAlive === true) {
      throw new HostError("DISK_IN_USE", `${vm} still runs, so that its disk can't be summed`, {
        found: `process ${process.pid}`,
        needs: "a VM that is stopped",
      });
    }
    const path = vmDiskPaths(vm).disk;
    const sha256 = await readSha256(host, path);
    if (sha256 === undefined) {
      throw new HostError("VM_DISK_UNEXPECTED", `${vm} has no disk`, {
        found: `no file ${path}`,
        needs: "the disk that is to travel",
      });
    }
    const sizeBytes = await readFileSize(observer, path);
    say(`${vm} is stopped; its disk has ${sizeBytes} bytes`);
    return { disk: { sizeBytes, sha256 } };
  },
};
