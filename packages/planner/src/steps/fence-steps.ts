import { type BmcEndpoint, curlRedfish, type HostId, resetSystem } from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** Where a BMC has its only system; asked for when the step runs. */
const SYSTEM = "<system of the BMC>";

/** Not reversible: that the host may be switched on again is for a person to say. */
export const ensurePoweredOff = (host: HostId, bmc: BmcEndpoint): Draft =>
  draft(
    "ensurePoweredOff",
    { host, bmc },
    {
      title: `Take the power of ${host} away`,
      commands: [run(curlRedfish(bmc, resetSystem(SYSTEM, "ForceOff")))],
      isReversible: false,
    },
  );
