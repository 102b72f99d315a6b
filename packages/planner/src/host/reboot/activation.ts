import {
  type Finding,
  type HostDesired,
  type Inventory,
  type Nic,
  PCI_RESET_LEVEL,
  type RebootEffect,
} from "@switchyard/model";
import { warningFinding } from "../../findings/finding.ts";
import type { Draft } from "../../steps/draft.ts";
import { ensureCardReset } from "../../steps/firmware-steps.ts";
import { isLive } from "../affected-vms.ts";
import { afterCardReset } from "./after-reboot.ts";

/** How what was stored and set comes into force: by resets of cards, or by a boot of the host. */
export type Activation =
  | {
      readonly kind: "reset";
      readonly drafts: readonly Draft[];
      readonly after: Inventory;
    }
  /** With findings where cards might be reset and can't. */
  | { readonly kind: "boot"; readonly findings: readonly Finding[] };

interface Card {
  readonly nic: Nic;
  readonly effects: readonly RebootEffect[];
}

const BOOT: Activation = { kind: "boot", findings: [] };

/**
 * Chooses the least that is enough: a reset of each card that has effects, where the profile allows it, the
 * card offers it (level 3: driver and PCI link start anew) and nothing is on the card that would be lost; a
 * boot where anything else needs one too, as that resets the card as well; the power off and on where the
 * card keeps its old firmware over a boot. A reset takes both ports of a card, whichever is asked.
 *
 * @param after the host as it will be once all is in force
 */
export function chooseActivation(options: {
  readonly desired: HostDesired;
  readonly observed: Inventory;
  readonly after: Inventory;
  readonly effects: readonly RebootEffect[];
}): Activation {
  const { desired, observed, after, effects } = options;
  if (desired.reboot !== undefined || desired.firmware?.allowsCardReset !== true) return BOOT;
  const cards = observed.nics
    .map((nic): Card => ({ nic, effects: effects.filter((effect) => isOf(nic, effect)) }))
    .filter((card) => card.effects.length > 0);
  if (cards.flatMap((card) => card.effects).length < effects.length) return BOOT;
  const unfit = cards.flatMap((card) => {
    const obstacles = obstaclesTo(card, observed);
    return obstacles.length === 0 ? [] : [unfitFinding(desired.host, card, obstacles)];
  });
  if (unfit.length > 0) return { kind: "boot", findings: unfit };
  return {
    kind: "reset",
    drafts: cards.map(({ nic, effects: own }) =>
      ensureCardReset(nic, nic.firmwareFacts?.tools ?? "mft", own),
    ),
    after: cards.reduce((sum, { nic }) => afterCardReset(sum, nic), after),
  };
}

function isOf({ pfs }: Nic, effect: RebootEffect): boolean {
  const has = (address: string) => pfs.some(({ pciAddress }) => pciAddress === address);
  if (effect.kind === "firmware") return effect.pfs.some(has);
  return effect.kind === "firmware-config" && has(effect.pf);
}

/** In words, what keeps a card from being reset while the host runs; none where nothing does. */
function obstaclesTo({ nic, effects }: Card, observed: Inventory): readonly string[] {
  const { tools, resetLevels } = nic.firmwareFacts ?? {};
  const plugged = new Set(
    (observed.ovs?.bridges ?? []).flatMap(({ ports }) => ports.map(({ name }) => name)),
  );
  const joined = new Set((observed.bonds ?? []).flatMap(({ ports }) => ports));
  const vms = observed.vms.filter(isLive).map(({ vm }) => vm);
  return [
    ...(effects.some(({ needsColdCycle }) => needsColdCycle)
      ? ["the card keeps its firmware until its power is off"]
      : []),
    ...(tools === undefined || resetLevels === undefined ? ["its reset levels are not known"] : []),
    ...(resetLevels?.includes(PCI_RESET_LEVEL) === false
      ? [`it offers reset levels ${resetLevels.join(", ") || "none"}, and not ${PCI_RESET_LEVEL}`]
      : []),
    ...(vms.length > 0 ? [`VMs run: ${vms.join(", ")}`] : []),
    ...nic.pfs.flatMap(({ link: { netdev }, carriesManagement, vfCount }) => [
      ...(carriesManagement ? [`${netdev} carries the management path`] : []),
      ...(vfCount > 0 ? [`${netdev} has VFs (${vfCount})`] : []),
      ...(plugged.has(netdev) ? [`${netdev} is in a bridge`] : []),
      ...(joined.has(netdev) ? [`${netdev} is in a bond`] : []),
    ]),
  ];
}

const unfitFinding = (host: string, { nic }: Card, obstacles: readonly string[]): Finding =>
  warningFinding("CARD_RESET_UNFIT", {
    message: `${host} is booted, as its card at ${nic.pfs[0]?.pciAddress} can't be reset by itself`,
    found: obstacles.join("; "),
    needs: `reset level ${PCI_RESET_LEVEL}, and nothing on either port`,
  });
