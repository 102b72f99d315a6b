import {
  artefactPath,
  assert,
  type FirmwareImage,
  type FirmwareTools,
  flintBurn,
  formatFirmware,
  makeExecutable,
  mlxconfigSet,
  mlxfwmanagerUpdate,
  mlxfwresetReset,
  type Nic,
  type PciAddress,
  type Pf,
  type PlannedCommand,
  type RebootEffect,
  runDellPackage,
} from "@switchyard/model";
import { describeEffect } from "../host/reboot/describe-effect.ts";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** For people: `firmware 22.39.10.02 for DEL0000000027`. */
export const imageName = ({ version, psid }: FirmwareImage): string =>
  `firmware ${formatFirmware(version)} for ${psid}`;

function burnCommands(
  pf: Pf,
  image: FirmwareImage,
  how: { readonly tools: FirmwareTools | undefined; readonly isForced: boolean },
): readonly PlannedCommand[] {
  const path = artefactPath(image.artefact.sha256);
  if (image.kind === "dell-dup") {
    return [run(makeExecutable(path)), run(runDellPackage(path, how.isForced))];
  }
  const { tools, isForced } = how;
  assert(tools !== undefined, `${image.kind} is planned without tools`);
  const device = pf.pciAddress;
  return image.kind === "bin"
    ? [run(flintBurn({ tools, device, image: path }))]
    : [run(mlxfwmanagerUpdate({ tools, device, archive: path, isForced }))];
}

/** Not reversible: what the flash held before is not on the host. */
export const ensureFirmwareStored = (
  pf: Pf,
  image: FirmwareImage,
  how: { readonly tools: FirmwareTools | undefined; readonly isForced: boolean },
): Draft =>
  draft(
    "ensureFirmwareStored",
    { pf: pf.pciAddress, devlinkHandle: pf.devlinkHandle, image, ...how },
    {
      title: `Store ${imageName(image)} in the card at ${pf.pciAddress}`,
      commands: burnCommands(pf, image, how),
      isReversible: false,
    },
  );

/** Not reversible: what ran before is no longer in the flash. */
export const ensureCardReset = (
  nic: Nic,
  tools: FirmwareTools,
  effects: readonly RebootEffect[],
): Draft => {
  const [pf = "" as PciAddress] = nic.pfs.map(({ pciAddress }) => pciAddress);
  const reason = effects.map(describeEffect).join("; ");
  return draft(
    "ensureCardReset",
    { pf, tools, effects },
    {
      title: `Reset the card at ${pf}, whose ports go for a minute: ${reason}`,
      commands: [run(mlxfwresetReset(tools, pf))],
      disruption: "datapath",
      isReversible: false,
    },
  );
};

/** @param values parameters for the next boot, in whatever form the tool takes */
export const ensureFirmwareConfig = (
  pf: Pf,
  tools: FirmwareTools,
  values: Readonly<Record<string, string>>,
): Draft =>
  draft(
    "ensureFirmwareConfig",
    { pf: pf.pciAddress, tools, values },
    {
      title: `Set ${Object.keys(values).sort().join(", ")} in the firmware of ${pf.pciAddress}`,
      commands: [run(mlxconfigSet({ tools, device: pf.pciAddress, values }))],
    },
  );
