import {
  CONFIG_NAME,
  CONFIG_VALUE,
  type FirmwareImage,
  type FirmwareImageKind,
  type FirmwareSpec,
  LIMITS_OF_ARTEFACTS,
  LIMITS_OF_FIRMWARE,
  NUM_OF_VFS,
  parseFirmwareVersion,
  parsePsid,
} from "@switchyard/model";
import {
  type FirmwareImage as ProtoFirmwareImage,
  type FirmwareSpec as ProtoFirmwareSpec,
  FirmwareImageKind as ProtoKind,
} from "@switchyard/proto";
import { readArtefact } from "./artefact.ts";
import type { Violations } from "./violations.ts";

const KINDS: ReadonlyMap<ProtoKind, FirmwareImageKind> = new Map([
  [ProtoKind.DELL_DUP, "dell-dup"],
  [ProtoKind.BIN, "bin"],
  [ProtoKind.MLXFWMANAGER_ARCHIVE, "mlxfwmanager-archive"],
]);

/** Number of the ConnectX family, which every version of it begins with. */
const familyOf = (version: string): string => version.split(".")[0] ?? "";

function readImage(image: ProtoFirmwareImage, violations: Violations): FirmwareImage | undefined {
  const kind = KINDS.get(image.kind);
  violations.check(kind !== undefined, "kind", "is required");
  const { firmwareBytesMax } = LIMITS_OF_ARTEFACTS;
  const artefact = readArtefact(image.artefact, violations.at("artefact"), firmwareBytesMax);
  const psid = violations.parse("psid", image.psid, parsePsid);
  const version = violations.parse("version", image.version, parseFirmwareVersion);
  const requiresVersion =
    image.requiresVersion === ""
      ? undefined
      : violations.parse("requires_version", image.requiresVersion, parseFirmwareVersion);
  if (kind === undefined || artefact === undefined || psid === undefined) return undefined;
  if (version === undefined) return undefined;
  if (requiresVersion !== undefined) {
    violations.check(
      familyOf(requiresVersion) === familyOf(version),
      "requires_version",
      `${requiresVersion} is of another family of cards than ${version}`,
    );
  }
  return { kind, artefact, psid, version, requiresVersion };
}

/** Two images of one PSID and version leave open which is meant. */
function checkUnique(images: readonly (FirmwareImage | undefined)[], violations: Violations): void {
  const seen = new Set<string>();
  for (const [at, image] of images.entries()) {
    if (image === undefined) continue;
    const key = `${image.psid} ${image.version}`;
    violations.check(!seen.has(key), `images[${at}]`, `is a second image for ${key}`);
    seen.add(key);
  }
}

function checkConfig(config: Readonly<Record<string, string>>, violations: Violations): void {
  const { configMax, configTextMax } = LIMITS_OF_FIRMWARE;
  const entries = Object.entries(config);
  violations.check(entries.length <= configMax, "config", `has more than ${configMax} entries`);
  for (const [name, value] of entries.slice(0, configMax)) {
    const at = `config[${name.slice(0, configTextMax)}]`;
    const isName = name.length <= configTextMax && CONFIG_NAME.test(name);
    violations.check(isName, at, "must be a parameter as mlxconfig names it, such as NUM_OF_VFS");
    const isValue = value.length <= configTextMax && CONFIG_VALUE.test(value);
    violations.check(isValue, at, "must be a number or a word, such as 16, True or ETH");
  }
  const ceiling = config[NUM_OF_VFS];
  if (ceiling === undefined) return;
  const isCount = /^\d{1,3}$/.test(ceiling) && Number(ceiling) <= LIMITS_OF_FIRMWARE.vfsMax;
  violations.check(
    isCount,
    `config[${NUM_OF_VFS}]`,
    `must be a number up to ${LIMITS_OF_FIRMWARE.vfsMax}`,
  );
}

/** The section as the model has it; undefined when a violation was added. */
export function readFirmware(
  firmware: ProtoFirmwareSpec,
  violations: Violations,
): FirmwareSpec | undefined {
  const { config, allowDowngrade, allowCardReset } = firmware;
  const { imagesMax } = LIMITS_OF_FIRMWARE;
  violations.check(
    firmware.images.length <= imagesMax,
    "images",
    `has more than ${imagesMax} entries`,
  );
  const images = firmware.images
    .slice(0, imagesMax)
    .map((image, at) => readImage(image, violations.at(`images[${at}]`)));
  checkUnique(images, violations);
  checkConfig(config, violations);
  const whole = images.filter((image) => image !== undefined);
  if (whole.length < images.length) return undefined;
  return {
    images: whole,
    config: { ...config },
    allowsDowngrade: allowDowngrade,
    ...(allowCardReset && { allowsCardReset: true }),
  };
}
