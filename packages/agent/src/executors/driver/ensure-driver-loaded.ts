import { findLoadedModule, restartOpenibd } from "@switchyard/host";
import { HostError } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

/** @throws HostError MANAGEMENT_PATH_AT_RISK, DRIVER_IN_USE: what the plan saw may have changed since */
async function refuseDanger({ topology }: StepContext, module: string): Promise<void> {
  const { nics, vms } = await topology.inventory();
  const own = nics.filter(({ driver }) => driver === module).flatMap(({ pfs }) => pfs);
  const carrier = own.find(({ carriesManagement }) => carriesManagement);
  if (carrier !== undefined) {
    throw new HostError("MANAGEMENT_PATH_AT_RISK", `${module} carries the management path`, {
      found: `${carrier.link.netdev} (${carrier.pciAddress})`,
      needs: "a reboot instead of a restart of the driver",
    });
  }
  const live = vms
    .filter(({ state }) => state === "running" || state === "paused")
    .map(({ vm }) => vm);
  if (live.length === 0) return;
  throw new HostError("DRIVER_IN_USE", `VMs would lose their NIC: ${live.join(", ")}`, {
    found: live.join(", "),
    needs: "no VM running",
    try: `swy vm delete ${live[0]}`,
  });
}

interface State {
  readonly isLoaded: boolean;
  readonly version: string | undefined;
}

/**
 * There is no undo: the driver that ran before is no longer on disk. VFs, switchdev mode and vDPA
 * devices go with the restart; the steps after this one make them again.
 */
export const ensureDriverLoaded = ensure<"ensureDriverLoaded", State>({
  read: async ({ observer }, { module }) => {
    const loaded = await findLoadedModule(observer, module);
    return { isLoaded: loaded !== undefined, version: loaded?.version };
  },
  isSatisfied: ({ isLoaded, version }, wanted) => isLoaded && version === wanted.version,
  apply: async (context, { module }) => {
    await refuseDanger(context, module);
    await restartOpenibd(context.host);
  },
  undo: undefined,
  failure: "DRIVER_LOAD_FAILED",
  movesDevices: true,
});
