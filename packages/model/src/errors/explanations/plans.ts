import type { PLAN_REASONS } from "../reasons/plans.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const PLAN_EXPLANATIONS: ExplanationsOf<typeof PLAN_REASONS> = {
  HOST_NOT_READY: because(
    ["the agent has not reported yet", "another exclusive job runs on the host"],
    "AGENT-ALIVE",
    "AGENT-JOBS",
  ),
  HOST_HAS_NO_PROFILE: because(
    ["the host lacks a label", "there is no profile yet"],
    "PROFILE-MATCH",
  ),
  PROFILE_AMBIGUOUS: because(["two selectors overlap"], "PROFILE-MATCH"),
  HOST_UNREACHABLE: because(
    ["the agent is stopped", "the host is down", "the way from host to NATS is cut"],
    "AGENT-ALIVE",
    "AGENT-ANSWER",
    "CTL-BUS",
  ),
  PLAN_BLOCKED: because(["a finding of severity error stands in the way"], "PROFILE-PLAN"),
  PLAN_STALE: because(
    ["the host changed since: a reboot, a job, somebody's hand"],
    "PROFILE-DRIFT",
  ),
  PLAN_ALREADY_APPLIED: because(["it was applied before, perhaps by somebody else"]),
  VMS_WOULD_BREAK: because(["running VMs hold vDPA devices that the plan makes anew"], "VM-STATE"),
  HOST_NOT_DESCRIBABLE: because(
    ["something on the host was made by hand in a way no profile can say"],
    "PROFILE-DRIFT",
  ),
  REBOOT_WITHOUT_EFFECT: because(
    ["the bootloader starts another entry", "firmware ignored the setting"],
    "A03",
    "B06",
  ),
  REBOOT_DID_NOT_HAPPEN: because([
    "the host did not go down",
    "the agent came back in the same boot",
  ]),
  REBOOT_BUDGET_SPENT: because(["each boot left something undone that asked for another one"]),
  COLD_CYCLE_NEEDS_BMC: because([
    "only the BMC can switch the power off and on, and none is known",
  ]),
  MODE_UNSUPPORTED: because(["the profile asks for a mode that this release can't make"]),
  MODE_NOT_DESCRIBED: because(["the profile was written for the other mode only"], "PROFILE-MATCH"),
  VFS_RECREATED: because(["the VF count or the mode changes"], "VF-COUNT"),
  BOND_UNFIT: because(
    ["the ports are of two cards", "a port has VFs or is in switchdev mode already"],
    "LINT-BOND",
  ),
  BOND_CHANGE_FAILED: because(["a port is up or in another bond or bridge"], "LINT-BOND"),
  IOMMU_GROUP_UNUSABLE: because(["the slot's bridge has no ACS", "the IOMMU is off"], "A02"),
  NIC_NOT_FOUND: because(
    ["the driver is not loaded", "the profile's uplink names a port that the host does not have"],
    "HOST-NIC",
    "A09",
    "C12",
  ),
  MANAGEMENT_PATH_AT_RISK: because(
    ["the port carries the default route or the way to the controller"],
    "MGMT-PATH",
  ),
  MANAGEMENT_PATH_LOST: because(
    [
      "the step took the port, address or route over which the agent reaches the bus",
      "NATS or the network to it failed just then, and not by the step",
    ],
    "MGMT-PATH",
  ),
  MANAGEMENT_PATH_UNCONFIRMED: because(
    ["NATS is down", "the network between host and NATS is down"],
    "MGMT-PATH",
  ),
};
