import { VIRTUALIZATION_MODE } from "../bmc/nic-function.ts";
import { BMC_JOBS_PATH, type RedfishRequest } from "./bmc.ts";

/** Where iDRAC9 lists the machine's NICs. @see dell/iDRAC-Redfish-Scripting */
export const NETWORK_ADAPTERS_PATH = "/redfish/v1/Chassis/System.Embedded.1/NetworkAdapters";

export const nicFunctionsPath = (adapterPath: string): string =>
  `${adapterPath}/NetworkDeviceFunctions`;

export const nicAttributesPath = (functionPath: string, id: string): string =>
  `${functionPath}/Oem/Dell/DellNetworkAttributes/${id}`;

export const nicSettingsPath = (attributesPath: string): string => `${attributesPath}/Settings`;

/** What the function's attributes take, as an attribute registry like the BIOS's. */
export const nicRegistryPath = (id: string): string => {
  const registry = `NetworkAttributesRegistry_${id}`;
  return `/redfish/v1/Registries/${registry}/${registry}`;
};

/** Wanted with the next boot. Current iDRACs make the job for it themselves. */
export const patchNicMode = (attributesPath: string, mode: string): RedfishRequest => ({
  method: "PATCH",
  path: nicSettingsPath(attributesPath),
  body: {
    "@Redfish.SettingsApplyTime": { ApplyTime: "OnReset" },
    Attributes: { [VIRTUALIZATION_MODE]: mode },
  },
});

/** The job that older iDRACs must be asked for. */
export const createNicJob = (attributesPath: string): RedfishRequest => ({
  method: "POST",
  path: BMC_JOBS_PATH,
  body: { TargetSettingsURI: nicSettingsPath(attributesPath) },
});

/** Forgets pending settings; refused while a job holds them. */
export const clearPendingNic = (attributesPath: string): RedfishRequest => ({
  method: "POST",
  path: `${nicSettingsPath(attributesPath)}/Actions/DellManager.ClearPending`,
  body: {},
});
