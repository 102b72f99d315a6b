export { applySteps } from "./apply-steps.ts";
export {
  buildDatapath,
  buildHostDesired,
  buildSriovDatapath,
  buildTeardown,
  buildVmDesired,
  type VmDesiredOverrides,
} from "./desired.ts";
export { buildFirmwareFacts, buildFirmwareImage, buildParameter } from "./firmware.ts";
export { buildBareLabHost, labVfMac } from "./lab-host.ts";
export { buildBareR740, buildConnectX6, NEW_FIRMWARE, OLD_FIRMWARE } from "./r740.ts";
export { buildSystemFacts, buildSystemSpec, NEW_KERNEL, OLD_KERNEL } from "./system.ts";
export { buildLink, cidr, firmware, pciAddress, slotMac } from "./values.ts";
