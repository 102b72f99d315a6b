import type { Finding, HostDesired, HostPlan, Inventory, UplinkSelector } from "@switchyard/model";
import { errorFinding } from "../findings/finding.ts";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { affectedVmFindings, findAffectedVms } from "./affected-vms.ts";
import { buildUp, changesMode, recreatesVfs } from "./build-up.ts";
import { type Datapath, datapathFindings } from "./datapath-findings.ts";
import { selectUplink, viewPfs } from "./pf-view.ts";
import { tearDown, tearDownFindings } from "./tear-down.ts";

/**
 * Plans the way from the host as it was observed to what it shall be; without a datapath it shall be bare.
 *
 * Only steps whose observed state differs are in it, so the plan made after it was applied is empty. A
 * plan with a finding of severity `error` still shows its steps, for people to see what is in the way of
 * what; it must not be applied. Findings of the inventory come along as warnings.
 */
export function planHost(desired: HostDesired, observed: Inventory): HostPlan {
  const { drafts, findings } =
    desired.datapath === undefined
      ? {
          drafts: tearDown(observed),
          findings: tearDownFindings(desired.host, observed),
        }
      : planDatapath(desired.host, desired.datapath, observed);
  const affectedVms = findAffectedVms(observed, drafts);
  return finishPlan({
    drafts,
    findings: [
      ...findings,
      ...affectedVmFindings(desired.host, affectedVms),
      ...observed.findings.map((each) => ({ ...each, severity: "warning" as const })),
    ],
    affectedVms,
  });
}

/** Whether a finding stands in the way of applying the plan. */
export const isBlocked = (plan: Pick<HostPlan, "findings">): boolean =>
  plan.findings.some(({ severity }) => severity === "error");

function planDatapath(
  host: string,
  datapath: Datapath,
  observed: Inventory,
): { readonly drafts: readonly Draft[]; readonly findings: readonly Finding[] } {
  const view = selectUplink(viewPfs(observed), datapath.uplink);
  if (view === undefined) {
    return { drafts: [], findings: [nicNotFound(host, datapath.uplink, observed)] };
  }
  return {
    drafts: buildUp(observed, datapath, view),
    findings: datapathFindings({
      host,
      datapath,
      view,
      observed,
      recreatesVfs: recreatesVfs(view, datapath) || changesMode(view),
    }),
  };
}

function nicNotFound(host: string, selector: UplinkSelector, observed: Inventory): Finding {
  const ports = viewPfs(observed).map(({ pf }) => pf.pciAddress);
  return errorFinding("NIC_NOT_FOUND", {
    message: `${host} has no port for the uplink`,
    found: ports.length === 0 ? "no SmartNIC port" : `ports ${ports.join(", ")}`,
    needs: selector.kind === "port" ? `port ${selector.port}` : `port ${selector.pciAddress}`,
  });
}
