export {
  AMD_BIOS_ATTRIBUTES,
  type BiosAttributes,
  type BiosValue,
  differingBiosAttributes,
  formatBiosAttributes,
  isBiosAttributeName,
  isBiosValue,
  KNOWN_BIOS_ATTRIBUTES,
  LIMITS_OF_BIOS,
} from "./bios.ts";
export {
  type BmcAddress,
  type BmcEndpoint,
  type BmcTrust,
  isPublicKeyPin,
  parseBmcAddress,
} from "./endpoint.ts";
export {
  allowsNicSriov,
  type BmcNicFunction,
  formatNicModes,
  isJobOfNicFunction,
  modeWithSriov,
  type NicModeWish,
  VIRTUALIZATION_MODE,
} from "./nic-function.ts";
