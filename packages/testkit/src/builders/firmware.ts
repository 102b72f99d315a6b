import {
  type ConfigValue,
  type FirmwareImage,
  type FirmwareParameter,
  LIMITS_OF_ARTEFACTS,
  type NicFirmwareFacts,
  type PciAddress,
  parseArtefactSource,
  parsePsid,
  parseSha256,
} from "@switchyard/model";
import { firmware, pciAddress } from "./values.ts";

const DIGITS = 64;

/** An image for the cards of the seed procedure; its file and checksum follow from its version. */
export function buildFirmwareImage(
  version: string,
  overrides: Partial<FirmwareImage> = {},
): FirmwareImage {
  const parsed = firmware(version);
  return {
    kind: "dell-dup",
    artefact: {
      source: parseArtefactSource(`/srv/firmware/${parsed}.BIN`),
      sha256: parseSha256(parsed.replaceAll(".", "").padStart(DIGITS, "0")),
      sizeBytesMax: LIMITS_OF_ARTEFACTS.firmwareBytesMax,
    },
    psid: parsePsid("DEL0000000027"),
    version: parsed,
    requiresVersion: undefined,
    ...overrides,
  };
}

export const buildParameter = (
  name: string,
  current: string,
  overrides: Partial<FirmwareParameter> = {},
): FirmwareParameter => ({
  name,
  default: current as ConfigValue,
  current: current as ConfigValue,
  nextBoot: current as ConfigValue,
  isReadOnly: false,
  ...overrides,
});

/** What a secured Dell card tells where mstflint is installed, the same for both of its ports. */
export function buildFirmwareFacts(overrides: Partial<NicFirmwareFacts> = {}): NicFirmwareFacts {
  const ports: readonly PciAddress[] = ["0000:82:00.0", "0000:82:00.1"].map(pciAddress);
  return {
    tools: "mstflint",
    isSecure: true,
    originalPsid: undefined,
    needsColdCycle: false,
    config: ports.map((pf) => ({
      pf,
      parameters: [
        buildParameter("SRIOV_EN", "True(1)"),
        buildParameter("NUM_OF_VFS", "8"),
        buildParameter("UCTX_EN", "True(1)"),
        buildParameter("CQE_COMPRESSION", "BALANCED(0)"),
        buildParameter("UEFI_HII_EN", "True(1)", { isReadOnly: true }),
      ],
    })),
    ...overrides,
  };
}
