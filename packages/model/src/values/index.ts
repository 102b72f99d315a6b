export { canonicalJson, digestOf } from "./canonical-json.ts";
export { configNumber, configValueToSet, isConfigValue } from "./config-value.ts";
export { compareVersions } from "./dotted-version.ts";
export {
  compareFirmware,
  type FirmwareVersion,
  formatFirmware,
  parseFirmwareVersion,
} from "./firmware-version.ts";
export {
  cidrAddress,
  cidrPrefixLength,
  type Ipv4Address,
  type Ipv4Cidr,
  ipv4FromNumber,
  ipv4ToNumber,
  networkNumber,
  parseIpv4Address,
  parseIpv4Cidr,
  subnetContains,
  withPrefix,
} from "./ipv4.ts";
export {
  applyJsonDelta,
  diffJson,
  isJsonDelta,
  type JsonDelta,
  type JsonEdit,
  type JsonPath,
} from "./json-delta.ts";
export {
  type MacAddress,
  macFromNumber,
  macToNumber,
  parseMacAddress,
} from "./mac-address.ts";
export { isOfedModuleVersion, isOfedRelease, ofedModuleVersion } from "./ofed-version.ts";
export { comparePackageVersions } from "./package-version.ts";
export {
  isPciAddress,
  type PciAddress,
  parsePciAddress,
  vfPciAddress,
} from "./pci-address.ts";
export { type Psid, parsePsid } from "./psid.ts";
