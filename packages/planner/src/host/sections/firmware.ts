import type {
  Finding,
  FirmwareSpec,
  Inventory,
  Nic,
  PciAddress,
  RebootEffect,
} from "@switchyard/model";
import { afterActivation } from "../../firmware/after-activation.ts";
import { type CardBurns, planBurns } from "../../firmware/burn-rounds.ts";
import { diffFirmwareConfig } from "../../firmware/config.ts";
import {
  type CardName,
  configUnreadable,
  configUnsupported,
  toolsMissing,
} from "../../firmware/findings.ts";
import type { Draft } from "../../steps/draft.ts";
import { ensureFirmwareConfig } from "../../steps/firmware-steps.ts";
import { ensureRebooted } from "../../steps/reboot-steps.ts";
import { vfCountsOf } from "../datapath/vf-counts.ts";
import { describeEffect } from "../reboot/describe-effect.ts";
import { emptySection, type PlanSection, type Section } from "./section.ts";

/** Packages that bring the tools, of the distributions and of the vendor. */
const TOOL_PACKAGES = ["mstflint", "mft"];

/** What the section does to one card. */
interface CardPlan extends CardBurns {
  readonly nic: Nic;
  readonly configDrafts: readonly Draft[];
  readonly configEffects: readonly RebootEffect[];
  readonly values: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

interface CardContext extends CardName {
  readonly spec: FirmwareSpec;
  /** PFs that carry the datapath, with the VFs they need. */
  readonly vfCounts: ReadonlyMap<PciAddress, number>;
  readonly areToolsComing: boolean;
}

/** PFs of whose configuration something is asked that was not read. */
const unreadPfs = ({ nic, spec, vfCounts }: CardContext): readonly PciAddress[] =>
  nic.pfs
    .filter(({ pciAddress, totalVfs }) => {
      const isAsked =
        Object.keys(spec.config).length > 0 || (vfCounts.get(pciAddress) ?? 0) > totalVfs;
      return isAsked && !nic.firmwareFacts?.config.some(({ pf }) => pf === pciAddress);
    })
    .map(({ pciAddress }) => pciAddress);

function planConfig(context: CardContext) {
  const { host, nic, spec, vfCounts } = context;
  const tools = nic.firmwareFacts?.tools;
  const findings: Finding[] = [];
  const configDrafts: Draft[] = [];
  const configEffects: RebootEffect[] = [];
  const values = new Map<string, Readonly<Record<string, string>>>();
  const unread = unreadPfs(context);
  if (tools === undefined && nic.firmwareFacts !== undefined && unread.length > 0) {
    findings.push(toolsMissing(context, "the configuration", context.areToolsComing));
  } else findings.push(...unread.map((pf) => configUnreadable(host, pf)));
  if (tools === undefined) return { findings, configDrafts, configEffects, values };
  for (const config of nic.firmwareFacts?.config ?? []) {
    const pf = nic.pfs.find(({ pciAddress }) => pciAddress === config.pf);
    if (pf === undefined) continue;
    const needs = { vfCount: vfCounts.get(config.pf) };
    const { toSet, due, unsupported } = diffFirmwareConfig(config, spec.config, needs);
    findings.push(...configUnsupported(host, config.pf, unsupported));
    values.set(config.pf, toSet);
    if (Object.keys(toSet).length > 0) configDrafts.push(ensureFirmwareConfig(pf, tools, toSet));
    if (Object.keys(due).length === 0) continue;
    configEffects.push({
      kind: "firmware-config",
      needsColdCycle: false,
      pf: config.pf,
      tools,
      values: due,
    });
  }
  return { findings, configDrafts, configEffects, values };
}

function planCard(context: CardContext): CardPlan {
  const burns = planBurns(context, context.spec, context.areToolsComing);
  const config = planConfig(context);
  return {
    ...burns,
    ...config,
    nic: context.nic,
    findings: [...burns.findings, ...config.findings],
  };
}

/**
 * Stepping stones of all cards side by side: a boot after each round but the last, which shares the boot that
 * follows the section.
 */
function burnRounds(cards: readonly CardPlan[], observed: Inventory) {
  const roundCount = Math.max(0, ...cards.map(({ burns }) => burns.length));
  const drafts: Draft[] = [];
  let effects: readonly RebootEffect[] = [];
  for (let round = 0; round < roundCount; round += 1) {
    if (round > 0) {
      drafts.push(
        ensureRebooted({ reason: effects.map(describeEffect).join("; "), effects, observed }),
      );
    }
    const burns = cards.flatMap(({ burns: all }) => all[round] ?? []);
    drafts.push(...burns.flatMap((burn) => burn.drafts));
    effects = burns.map(({ effect }) => effect);
  }
  return { drafts, effects };
}

const isChanged = ({ burns, configEffects }: CardPlan): boolean =>
  burns.length > 0 || configEffects.length > 0;

/**
 * Firmware of every card for whose PSID the profile has an image, and the configuration of every PF. New
 * firmware comes first, because parameters come with it.
 */
export const firmwareSection: PlanSection = ({ host, desired, observed }): Section => {
  const spec = desired.firmware;
  if (spec === undefined) return emptySection(observed);
  const vfCounts = vfCountsOf(desired, observed);
  const areToolsComing = TOOL_PACKAGES.some((name) => isInstalled(observed, name));
  const cards = observed.nics
    .filter(({ nicProfile }) => nicProfile === "mlx5")
    .map((nic) => planCard({ host, nic, spec, vfCounts, areToolsComing }));
  const rounds = burnRounds(cards, observed);
  const changed = new Map(cards.filter(isChanged).map((card) => [card.nic, card]));
  return {
    drafts: [...rounds.drafts, ...cards.flatMap(({ configDrafts }) => configDrafts)],
    findings: cards.flatMap(({ findings }) => findings),
    rebootEffects: [...rounds.effects, ...cards.flatMap(({ configEffects }) => configEffects)],
    after: {
      ...observed,
      nics: observed.nics.map((nic) => {
        const card = changed.get(nic);
        return card === undefined ? nic : afterActivation(nic, card);
      }),
    },
  };
};

/** The section before this one has put there what it is going to install. */
const isInstalled = (observed: Inventory, name: string): boolean =>
  observed.system?.packages?.[name] !== undefined;
