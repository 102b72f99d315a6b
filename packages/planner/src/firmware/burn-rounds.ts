import {
  BOOTS_OF_JOB_MAX,
  type Finding,
  type FirmwareImage,
  type FirmwareSpec,
  type Nic,
  type RebootEffect,
} from "@switchyard/model";
import { ensureArtefact } from "../steps/artefact-steps.ts";
import type { Draft } from "../steps/draft.ts";
import { ensureFirmwareStored, imageName } from "../steps/firmware-steps.ts";
import {
  type CardName,
  chainMissing,
  chainTooLong,
  downgradeRefused,
  imageMissing,
  notActivated,
  otherFamily,
  psidChanged,
  toolsMissing,
} from "./findings.ts";
import { type FirmwarePath, type Hop, planFirmwarePath } from "./path.ts";

/** One hop of one card: the steps that store it, and what the boot after them must bring. */
export interface Burn {
  readonly drafts: readonly Draft[];
  readonly effect: RebootEffect;
}

/** The way of one card; each burn but the last needs a boot behind it before the next one. */
export interface CardBurns {
  readonly burns: readonly Burn[];
  readonly findings: readonly Finding[];
  /** What runs at the end of it; undefined where nothing changes. */
  readonly version: Hop["version"] | undefined;
}

const nothing = (...findings: readonly Finding[]): CardBurns => ({
  burns: [],
  findings,
  version: undefined,
});

const needsTools = ({ image }: Hop): boolean => image !== undefined && image.kind !== "dell-dup";

function burnOf(nic: Nic, hop: Hop, isForced: boolean): Burn {
  const [pf] = nic.pfs;
  const { psid, firmwareFacts } = nic;
  const tools = hop.image?.kind === "dell-dup" ? undefined : firmwareFacts?.tools;
  const drafts = (image: FirmwareImage): readonly Draft[] =>
    pf === undefined
      ? []
      : [
          ensureArtefact(image.artefact, imageName(image)),
          ensureFirmwareStored(pf, image, { tools, isForced }),
        ];
  return {
    drafts: hop.image === undefined ? [] : drafts(hop.image),
    effect: {
      kind: "firmware",
      needsColdCycle: firmwareFacts?.needsColdCycle ?? false,
      pfs: nic.pfs.map(({ pciAddress }) => pciAddress),
      psid: psid as NonNullable<typeof psid>, // a path was planned for it
      version: hop.version,
    },
  };
}

function burnsOf(
  card: CardName,
  { hops, isDowngrade }: Extract<FirmwarePath, { kind: "hops" }>,
  isComing: boolean,
): CardBurns {
  const { nic } = card;
  const isBurning = hops.some(({ image }) => image !== undefined);
  if (isBurning && nic.firmwareFacts?.originalPsid !== undefined) return nothing(psidChanged(card));
  if (hops.some(needsTools) && nic.firmwareFacts?.tools === undefined) {
    return nothing(toolsMissing(card, "the image", isComing));
  }
  if (hops.length > BOOTS_OF_JOB_MAX) return nothing(chainTooLong(card, hops.length));
  return {
    burns: hops.map((hop) => burnOf(nic, hop, isDowngrade)),
    findings: nic.firmwareFacts?.needsColdCycle ? [notActivated(card)] : [],
    version: hops.at(-1)?.version,
  };
}

/** @param isComing an earlier section of the plan installs the firmware tools */
export function planBurns(card: CardName, spec: FirmwareSpec, isComing: boolean): CardBurns {
  const { psid, firmware, pfs } = card.nic;
  if (spec.images.length === 0 || firmware === undefined || pfs.length === 0) return nothing();
  if (psid === undefined) return nothing(imageMissing(card, spec.images));
  const path = planFirmwarePath({ psid, ...firmware }, spec.images, spec.allowsDowngrade);
  switch (path.kind) {
    case "up-to-date":
      return nothing();
    case "no-image":
      return nothing(imageMissing(card, spec.images));
    case "other-family":
      return nothing(otherFamily(card, path.target));
    case "downgrade":
      return nothing(downgradeRefused(card, path.target));
    case "no-chain":
      return nothing(chainMissing(card, path.target));
    case "hops":
      return burnsOf(card, path, isComing);
  }
}
