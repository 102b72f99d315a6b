import {
  type BiosAttributes,
  type BmcEndpoint,
  curlRedfish,
  formatBiosAttributes,
  formatNicModes,
  type NicModeWish,
  patchBiosSettings,
  patchNicMode,
} from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** The settings come into force with the boot after, which the plan holds as a step of its own. */
export const ensureBiosSettings = (
  bmc: BmcEndpoint,
  systemPath: string,
  attributes: BiosAttributes,
): Draft =>
  draft(
    "ensureBiosSettings",
    { bmc, systemPath, attributes },
    {
      title: `Ask the BMC for BIOS settings: ${formatBiosAttributes(attributes)}`,
      commands: [run(curlRedfish(bmc, patchBiosSettings(systemPath, attributes)))],
    },
  );

/** The modes come into force with the same boot as BIOS settings. */
export const ensureNicVirtualization = (
  bmc: BmcEndpoint,
  functions: readonly NicModeWish[],
): Draft =>
  draft(
    "ensureNicVirtualization",
    { bmc, functions },
    {
      title: `Ask the BMC for NIC settings: ${formatNicModes(functions)}`,
      commands: functions.map(({ attributesPath, mode }) =>
        run(curlRedfish(bmc, patchNicMode(attributesPath, mode))),
      ),
    },
  );
