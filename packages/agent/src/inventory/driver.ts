import {
  findKernelsWithHeaders,
  findLoadedModule,
  findModuleOnDisk,
  type Host,
  listInstalledKernels,
  readOfedRelease,
  readSecureBoot,
} from "@switchyard/host";
import type { DriverInfo, DriverOnDisk } from "@switchyard/model";
import { listBuilds } from "../driver/builds.ts";

/** A NIC's driver as it is on disk for every installed kernel, and as it runs. */
export async function readDriverInfo(
  host: Host,
  module: string,
  runningKernel: string,
): Promise<DriverInfo> {
  const kernels = await listInstalledKernels(host, runningKernel);
  const onDisk: DriverOnDisk[] = [];
  for (const kernel of kernels) {
    const found = await findModuleOnDisk(host, module, kernel);
    if (found !== undefined) onDisk.push(found);
  }
  return {
    module,
    loaded: await findLoadedModule(host, module),
    onDisk,
    kernelsWithHeaders: await findKernelsWithHeaders(host, kernels),
    release: await readOfedRelease(host),
    builds: await listBuilds(host, kernels),
    isSecureBootOn: await readSecureBoot(host),
  };
}
