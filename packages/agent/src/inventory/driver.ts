import {
  findKernelsWithHeaders,
  findLoadedModule,
  findModuleOnDisk,
  type Host,
  listInstalledKernels,
  readOfedRelease,
} from "@switchyard/host";
import type { DriverInfo, DriverOnDisk } from "@switchyard/model";
import { listBuilds } from "../driver/builds.ts";
import { cachedByFiles } from "./by-files.ts";
import { noReadCache, type ReadCache } from "./read-cache.ts";

export interface DriverReader {
  readonly host: Host;
  readonly module: string;
  readonly runningKernel: string;
  /** Default: nothing is remembered. */
  readonly cache?: ReadCache;
}

/** A NIC's driver as it is on disk for every installed kernel, and as it runs. */
export async function readDriverInfo(reader: DriverReader): Promise<DriverInfo> {
  const { host, module, runningKernel } = reader;
  const kernels = await listInstalledKernels(host, runningKernel);
  return {
    module,
    loaded: await findLoadedModule(host, module),
    ...(await readInstalled(reader, kernels)),
    kernelsWithHeaders: await findKernelsWithHeaders(host, kernels),
    builds: await listBuilds(host, kernels),
  };
}

/** depmod writes a kernel's list of modules anew whenever one comes or goes. */
async function readInstalled(
  { host, module, cache = noReadCache }: DriverReader,
  kernels: readonly string[],
) {
  const files = [
    ...kernels.map((kernel) => `/lib/modules/${kernel}/modules.dep`),
    "/usr/bin/ofed_info",
  ];
  return cachedByFiles({ host, cache, key: `driver ${module}`, files }, async () => ({
    onDisk: await listOnDisk(host, module, kernels),
    release: await readOfedRelease(host),
  }));
}

async function listOnDisk(
  host: Host,
  module: string,
  kernels: readonly string[],
): Promise<readonly DriverOnDisk[]> {
  const found: DriverOnDisk[] = [];
  for (const kernel of kernels) {
    const onDisk = await findModuleOnDisk(host, module, kernel);
    if (onDisk !== undefined) found.push(onDisk);
  }
  return found;
}
