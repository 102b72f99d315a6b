import {
  applyPackage,
  burnImage,
  checkPackage,
  readImage,
  readManagedDevice,
  updateFromArchive,
} from "@switchyard/host";
import {
  artefactPath,
  assert,
  type FirmwareVersion,
  HostError,
  type Psid,
  type StepArguments,
} from "@switchyard/model";
import type { StepContext } from "../executor.ts";

type Args = StepArguments["ensureFirmwareStored"];

/** What a kind of image needs: a last look into the file, and the writing. */
interface ImageMethod {
  /**
   * Looks whether the file is what the plan says, for this card. Nothing is written.
   *
   * @throws HostError PSID_MISMATCH, FIRMWARE_IMAGE_UNSUITABLE, FIRMWARE_DOWNGRADE_REFUSED
   */
  readonly check: (context: StepContext, args: Args) => Promise<void>;
  /** @throws HostError, CommandError COMMAND_TIMED_OUT (outcome unknown) */
  readonly burn: (context: StepContext, args: Args) => Promise<void>;
}

const pathOf = ({ image }: Args): string => artefactPath(image.artefact.sha256);

function toolsOf({ tools, image }: Args) {
  assert(tools !== undefined, `the plan burns a ${image.kind} without tools`);
  return tools;
}

/** @throws HostError PSID_MISMATCH */
export function refuseOtherPsid(args: Args, found: Psid | undefined, where: string): void {
  if (found === args.image.psid) return;
  throw new HostError("PSID_MISMATCH", `${where} has another PSID than the plan's image`, {
    found: found ?? "no PSID",
    needs: args.image.psid,
  });
}

function refuseOtherVersion({ image }: Args, found: FirmwareVersion | undefined): void {
  if (found === image.version) return;
  throw new HostError(
    "FIRMWARE_IMAGE_UNSUITABLE",
    `${image.artefact.source} holds other firmware`,
    {
      found: found ?? "no image for this card",
      needs: image.version,
    },
  );
}

function notNewer({ image }: Args): HostError {
  return new HostError(
    "FIRMWARE_DOWNGRADE_REFUSED",
    `the package of ${image.version} calls itself not newer than what the card has`,
    { found: image.version, needs: "a newer package, or firmware.allow_downgrade" },
  );
}

/** A package hides its PSID and tells by its own look at the host whether it fits a card. */
const dellPackage: ImageMethod = {
  check: async ({ host }, args) => {
    const end = await checkPackage(host, pathOf(args));
    if (end.kind === "not-newer" && !args.isForced) throw notNewer(args);
  },
  burn: async ({ host }, args) => {
    const end = await applyPackage(host, pathOf(args), { isForced: args.isForced });
    if (end.kind === "not-newer") throw notNewer(args);
  },
};

const plainImage: ImageMethod = {
  check: async ({ host }, args) => {
    const { psid, version } = await readImage(host, toolsOf(args), pathOf(args));
    refuseOtherPsid(args, psid, args.image.artefact.source);
    refuseOtherVersion(args, version);
  },
  burn: ({ host }, args) =>
    burnImage(host, toolsOf(args), { device: args.pf, image: pathOf(args) }),
};

/** The tool picks the image by the card's PSID: none available means that there is none for it. */
const archive: ImageMethod = {
  check: async ({ host }, args) => {
    const options = { device: args.pf, archive: pathOf(args) };
    const { psid, available } = await readManagedDevice(host, toolsOf(args), options);
    refuseOtherPsid(args, psid, args.pf);
    refuseOtherVersion(args, available);
  },
  burn: ({ host }, args) =>
    updateFromArchive(host, toolsOf(args), {
      device: args.pf,
      archive: pathOf(args),
      isForced: args.isForced,
    }),
};

export const IMAGE_METHODS: Readonly<Record<Args["image"]["kind"], ImageMethod>> = {
  "dell-dup": dellPackage,
  bin: plainImage,
  "mlxfwmanager-archive": archive,
};
