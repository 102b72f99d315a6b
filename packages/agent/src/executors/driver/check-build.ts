import {
  hasKernelHeaders,
  readAvailableBytes,
  readKernelRelease,
  readLockdown,
  readSecureBoot,
} from "@switchyard/host";
import { HostError, UNKNOWN_SYSTEM } from "@switchyard/model";
import { lockedDownBy } from "@switchyard/planner";
import type { StepContext } from "../executor.ts";

/**
 * What the build needs in each of these folders. Source: MLNX_OFED 24.04 user manual, and the
 * seed's builds
 */
const SPACE_BYTES_MIN = 5 * 1024 ** 3;
const SPACE_FOLDERS = ["/tmp", "/"];

/** @throws HostError DRIVER_KERNEL_OTHER: the host was booted into another kernel since it was planned */
export async function refuseOtherKernel(context: StepContext, wanted: string): Promise<void> {
  const running = await readKernelRelease(context.observer);
  if (running === wanted) return;
  throw new HostError("DRIVER_KERNEL_OTHER", `the driver is to be built for ${wanted}`, {
    found: `running kernel ${running}`,
    needs: wanted,
  });
}

/**
 * Looks at everything that makes a build fail after half an hour, before it begins.
 *
 * @throws HostError KERNEL_HEADERS_MISSING, SECURE_BOOT_REFUSES_DRIVER, DISK_FULL
 */
export async function checkBuild(context: StepContext, kernelRelease: string): Promise<void> {
  const { observer } = context;
  if (!(await hasKernelHeaders(observer, kernelRelease))) {
    throw new HostError("KERNEL_HEADERS_MISSING", `${kernelRelease} has no headers on the host`, {
      found: `no /lib/modules/${kernelRelease}/build/Makefile`,
      needs: `kernel-devel-${kernelRelease}, or linux-headers of this kernel`,
    });
  }
  const isSecureBoot = await readSecureBoot(observer);
  const lockdown = await readLockdown(observer);
  const cause = lockedDownBy({ system: { ...UNKNOWN_SYSTEM, isSecureBoot, lockdown } });
  if (cause !== undefined) {
    throw new HostError("SECURE_BOOT_REFUSES_DRIVER", "modules built on the host are not signed", {
      found: cause,
      needs: "Secure Boot off, or modules signed with an enrolled key",
    });
  }
  for (const folder of SPACE_FOLDERS) await checkSpace(context, folder);
}

async function checkSpace({ observer }: StepContext, folder: string): Promise<void> {
  const free = await readAvailableBytes(observer, folder);
  if (free === undefined || free >= SPACE_BYTES_MIN) return;
  throw new HostError("DISK_FULL", `${folder} has too little space for the driver's build`, {
    found: `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`,
    needs: "5 GiB",
  });
}
