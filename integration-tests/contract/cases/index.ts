import type { ContractGroup } from "../contract.ts";
import { bootloaderGroup } from "./bootloader.ts";
import { devlinkGroup } from "./devlink.ts";
import { networkGroup } from "./network.ts";
import { ovsGroup } from "./ovs.ts";
import { packagesGroup } from "./packages.ts";
import { pcieGroup, platformGroup } from "./platform.ts";
import { portSettingsGroup } from "./port-settings.ts";
import { serialLogGroup } from "./serial-log.ts";
import { bindingGroup, sriovGroup } from "./sriov.ts";
import { stalePortGroup } from "./stale-port.ts";
import { filesGroup, modulesGroup, procfsGroup } from "./system.ts";
import { vdpaGroup } from "./vdpa.ts";

/** The whole contract. Groups do not build on each other. */
export const CONTRACT: readonly ContractGroup[] = [
  filesGroup,
  serialLogGroup,
  procfsGroup,
  platformGroup,
  pcieGroup,
  packagesGroup,
  bootloaderGroup,
  modulesGroup,
  networkGroup,
  sriovGroup,
  bindingGroup,
  devlinkGroup,
  vdpaGroup,
  ovsGroup,
  portSettingsGroup,
  stalePortGroup,
];
