import type { Finding, HostDesired, HostPlan, Inventory, UplinkSelector } from "@switchyard/model";
import { withAdoptedBridge } from "../adoption/adopted-bridge.ts";
import { errorFinding } from "../findings/finding.ts";
import { preflightFindings } from "../preflight/plan-findings.ts";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { ensureRebooted } from "../steps/reboot-steps.ts";
import { affectedVmFindings, findAffectedVms, vmSteps } from "./affected-vms.ts";
import { buildUp } from "./datapath/build-up.ts";
import { asVdpa, type Datapath } from "./datapath/datapath.ts";
import { datapathFindings } from "./datapath/datapath-findings.ts";
import { selectPorts, viewPfs } from "./datapath/pf-view.ts";
import { tearDown, tearDownFindings } from "./datapath/tear-down.ts";
import { withGuards } from "./management/guards.ts";
import { chooseActivation } from "./reboot/activation.ts";
import { afterReboot } from "./reboot/after-reboot.ts";
import { coldCycleFindings } from "./reboot/cold-cycle.ts";
import { describeEffect } from "./reboot/describe-effect.ts";
import {
  type PlanSection,
  runSections,
  type Section,
  type SectionContext,
} from "./sections/section.ts";
import { SECTIONS_AFTER_BOOT, SECTIONS_BEFORE_BOOT } from "./sections/sections.ts";

/**
 * Plans the way from the host as it was observed to what it shall be; without a datapath it shall be bare.
 *
 * ```
 * BIOS, system, firmware, virtualization --> boot, if one is needed --> driver --> boot, if it needs one
 *   --> datapath
 * ```
 *
 * What comes after a boot is planned on the inventory as the boot will leave it. Only steps whose observed
 * state differs are in it, so the plan made after it was applied is empty. A plan with a finding of severity
 * `error` still shows its steps, for people to see what is in the way of what; it must not be applied.
 * Findings of the inventory come along as warnings.
 */
export function planHost(desired: HostDesired, inventory: Inventory): HostPlan {
  const observed = withAdoptedBridge(inventory, desired.datapath);
  const context = { host: desired.host, desired, observed };
  const prepared = runStage(SECTIONS_BEFORE_BOOT, context, desired.reboot?.reason);
  const driven = runStage(SECTIONS_AFTER_BOOT, { ...context, observed: prepared.after });
  const datapath = planDatapath(desired, driven.after);
  return finishHostPlan(desired, observed, {
    drafts: [...prepared.drafts, ...driven.drafts, ...datapath.drafts],
    findings: [...prepared.findings, ...driven.findings, ...datapath.findings],
  });
}

interface Part {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
}

function finishHostPlan(
  desired: HostDesired,
  observed: Inventory,
  { drafts, findings }: Part,
): HostPlan {
  const { host, vmPolicy = "refuse" } = desired;
  const affectedVms = findAffectedVms(observed, drafts);
  return finishPlan({
    drafts: withGuards(observed, [...vmSteps(affectedVms, vmPolicy, observed), ...drafts]),
    findings: [
      ...findings,
      // Of a host to which nothing is done they are the doctor's to say.
      ...(drafts.length === 0 ? [] : preflightFindings(host, { inventory: observed, desired })),
      ...affectedVmFindings(host, affectedVms, vmPolicy),
      ...observed.findings.map((each) => ({ ...each, severity: "warning" as const })),
    ],
    affectedVms,
  });
}

/**
 * Sections and, where they need one, the boot that brings their effects into force.
 *
 * @param wish why the host shall boot even if no section needs it
 */
function runStage(
  sections: readonly PlanSection[],
  context: SectionContext,
  wish?: string,
): Section {
  const section = runSections(sections, context);
  const { rebootEffects } = section;
  if (rebootEffects.length === 0 && wish === undefined) return section;
  const activation = chooseActivation({
    desired: context.desired,
    observed: context.observed,
    after: section.after,
    effects: rebootEffects,
  });
  if (activation.kind === "reset") {
    return {
      ...section,
      drafts: [...section.drafts, ...activation.drafts],
      rebootEffects: [],
      after: activation.after,
    };
  }
  const wishes = wish === undefined ? [] : [wish];
  const reason = [...wishes, ...rebootEffects.map(describeEffect)].join("; ");
  return {
    ...section,
    drafts: [
      ...section.drafts,
      ensureRebooted({ reason, effects: rebootEffects, observed: context.observed }),
    ],
    findings: [
      ...section.findings,
      ...activation.findings,
      ...coldCycleFindings(context.host, context.observed, rebootEffects),
    ],
    after: afterReboot(section.after),
  };
}

/** Whether a finding stands in the way of applying the plan. */
export const isBlocked = (plan: Pick<HostPlan, "findings">): boolean =>
  plan.findings.some(({ severity }) => severity === "error");

function planDatapath(desired: HostDesired, observed: Inventory): Part {
  const { host, datapath } = desired;
  if (datapath !== undefined) return planBuildUp(host, datapath, observed);
  return { drafts: tearDown(observed), findings: tearDownFindings(host, observed) };
}

function planBuildUp(host: string, datapath: Datapath, observed: Inventory): Part {
  const ports = selectPorts(viewPfs(observed), datapath);
  if (ports === undefined) return { drafts: [], findings: [nicNotFound(host, datapath, observed)] };
  return {
    drafts: buildUp(observed, datapath, ports),
    findings: datapathFindings({ host, datapath, ports, observed }),
  };
}

const describePort = (selector: UplinkSelector): string =>
  selector.kind === "port" ? `port ${selector.port}` : `port ${selector.pciAddress}`;

function nicNotFound(host: string, datapath: Datapath, observed: Inventory): Finding {
  const ports = viewPfs(observed).map(({ pf }) => pf.pciAddress);
  const wanted = [datapath.uplink, ...(asVdpa(datapath)?.bond?.ports ?? [])];
  return errorFinding("NIC_NOT_FOUND", {
    message: `${host} has no port for the uplink`,
    found: ports.length === 0 ? "no SmartNIC port" : `ports ${ports.join(", ")}`,
    needs: wanted.map(describePort).join(" and "),
  });
}
