import {
  type FirmwareImage,
  type FirmwareImageKind,
  type FirmwareParameter,
  type FirmwareSpec,
  formatFirmware,
  type NicFirmwareFacts,
} from "@switchyard/model";
import {
  type FirmwareConfig as ProtoFirmwareConfig,
  type FirmwareImage as ProtoFirmwareImage,
  type FirmwareParameter as ProtoFirmwareParameter,
  type FirmwareSpec as ProtoFirmwareSpec,
  FirmwareImageKind as ProtoKind,
} from "@switchyard/proto";
import { toProtoArtefact } from "./driver.ts";

const KIND: Readonly<Record<FirmwareImageKind, ProtoKind>> = {
  "dell-dup": ProtoKind.DELL_DUP,
  bin: ProtoKind.BIN,
  "mlxfwmanager-archive": ProtoKind.MLXFWMANAGER_ARCHIVE,
};

const toProtoImage = (image: FirmwareImage): ProtoFirmwareImage => ({
  kind: KIND[image.kind],
  artefact: toProtoArtefact(image.artefact),
  psid: image.psid,
  version: formatFirmware(image.version),
  requiresVersion: image.requiresVersion === undefined ? "" : formatFirmware(image.requiresVersion),
});

export const toProtoFirmwareSpec = (spec: FirmwareSpec): ProtoFirmwareSpec => ({
  images: spec.images.map(toProtoImage),
  config: { ...spec.config },
  allowDowngrade: spec.allowsDowngrade,
  allowCardReset: spec.allowsCardReset ?? false,
});

const toProtoParameter = (parameter: FirmwareParameter): ProtoFirmwareParameter => ({
  name: parameter.name,
  defaultValue: parameter.default ?? "",
  currentValue: parameter.current ?? "",
  nextBootValue: parameter.nextBoot,
  isReadOnly: parameter.isReadOnly,
});

export const toProtoFirmwareConfig = (facts: NicFirmwareFacts): ProtoFirmwareConfig => ({
  tools: facts.tools ?? "",
  isSecure: facts.isSecure,
  originalPsid: facts.originalPsid ?? "",
  pfs: facts.config.map(({ pf, parameters }) => ({
    pciAddress: pf,
    parameters: parameters.map(toProtoParameter),
  })),
  needsColdCycle: facts.needsColdCycle,
});
