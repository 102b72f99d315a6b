import {
  CHECK_GROUPS,
  CHECKS_OF_HOST,
  type CheckResult,
  type CheckStatus,
  checkEntry,
  type HostCheckId,
} from "@switchyard/model";
import { PREFLIGHT_RUNS } from "../preflight/preflight.ts";
import { AGENT_CHECK_RUNS } from "./checks/agent.ts";
import { CARD_CHECK_RUNS } from "./checks/card.ts";
import { ESWITCH_CHECK_RUNS } from "./checks/eswitch.ts";
import { HOST_CHECK_RUNS } from "./checks/host.ts";
import { OVS_CHECK_RUNS } from "./checks/ovs.ts";
import { PORT_CHECK_RUNS } from "./checks/ports.ts";
import { VDPA_CHECK_RUNS } from "./checks/vdpa.ts";
import { VM_CHECK_RUNS } from "./checks/vm.ts";
import type { HostFacts } from "./facts.ts";
import type { HostCheck } from "./verdict.ts";

/** Every check of the model has its run here, or this does not compile. */
const RUNS: Readonly<Record<HostCheckId, HostCheck>> = {
  ...PREFLIGHT_RUNS,
  ...AGENT_CHECK_RUNS,
  ...HOST_CHECK_RUNS,
  ...CARD_CHECK_RUNS,
  ...ESWITCH_CHECK_RUNS,
  ...VDPA_CHECK_RUNS,
  ...OVS_CHECK_RUNS,
  ...PORT_CHECK_RUNS,
  ...VM_CHECK_RUNS,
};

const groupOf = (id: HostCheckId): number => CHECK_GROUPS.indexOf(CHECKS_OF_HOST[id].group);

/** All ids, group by group. */
export const HOST_CHECK_IDS: readonly HostCheckId[] = (
  Object.keys(CHECKS_OF_HOST) as HostCheckId[]
).sort((left, right) => groupOf(left) - groupOf(right));

function runCheck(id: HostCheckId, facts: HostFacts): CheckResult<HostCheckId> {
  const { group, title, causes, fix, safeFix } = checkEntry(id);
  const { status, evidence, fix: closerFix } = RUNS[id](facts);
  const isBad = status === "warn" || status === "fail";
  return {
    id,
    group,
    title,
    status,
    evidence,
    causes: isBad ? causes : [],
    fix: isBad ? (closerFix ?? fix) : "",
    safeFix: isBad && facts.desired !== undefined ? safeFix : undefined,
  };
}

/**
 * Runs checks on what is known of a host, group by group. What is not known is skipped with the reason, never
 * passed or failed.
 *
 * @param only ids to run; all when left out
 */
export function diagnoseHost(
  facts: HostFacts,
  only?: ReadonlySet<string>,
): readonly CheckResult<HostCheckId>[] {
  return HOST_CHECK_IDS.filter((id) => only?.has(id) ?? true).map((id) => runCheck(id, facts));
}

/** The worst of them; `skip` where none was decided. */
export function worstStatus(results: readonly Pick<CheckResult, "status">[]): CheckStatus {
  const order: readonly CheckStatus[] = ["fail", "warn", "pass"];
  return order.find((status) => results.some((result) => result.status === status)) ?? "skip";
}
