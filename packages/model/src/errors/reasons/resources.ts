import type { ReasonEntry } from "./reason-entry.ts";

/** Records, names, pools and capacity. */
export const RESOURCE_REASONS = {
  HOST_NOT_FOUND: { code: "NOT_FOUND", summary: "No host has this name.", fix: "swy host list" },
  PROFILE_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No profile has this name.",
    fix: "swy profile list",
  },
  PLAN_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No plan has this id.",
    fix: "swy plan create --host HOST",
  },
  JOB_NOT_FOUND: { code: "NOT_FOUND", summary: "No job has this id.", fix: "swy job list" },
  SNAPSHOT_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "The job has no snapshot of this point, or none at all.",
    fix: "swy job snapshots JOB",
  },
  NETWORK_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No network has this name.",
    fix: "swy network list",
  },
  IMAGE_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No image has this name.",
    fix: "swy image list",
  },
  ROLLOUT_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No rollout has this name.",
    fix: "swy rollout list",
  },
  ROLLOUT_STATE_WRONG: {
    code: "FAILED_PRECONDITION",
    summary: "The rollout is in a state in which this can't be done.",
    fix: "Read its state and the reason for it: swy rollout get ROLLOUT",
  },
  ROLLOUT_WITHOUT_HOSTS: {
    code: "FAILED_PRECONDITION",
    summary: "The rollout would touch no host.",
    fix: "Compare its selector and the profile's with the labels that `swy host list` shows.",
  },
  ROLLOUT_CHECK_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "A check of the host is worse after the change than before it.",
    fix: "swy doctor HOST",
  },
  VM_NOT_FOUND: { code: "NOT_FOUND", summary: "No VM has this name.", fix: "swy vm list" },
  NAME_TAKEN: {
    code: "ALREADY_EXISTS",
    summary: "Another resource has this name.",
    fix: "Choose another name.",
  },
  ETAG_STALE: {
    code: "ABORTED",
    summary: "The resource changed since it was read.",
    fix: "Read it again and decide anew.",
  },
  GENERATION_STALE: {
    code: "ABORTED",
    summary: "The desired state changed since this was made.",
    fix: "Read it again and decide anew.",
  },
  RESOURCE_IN_USE: {
    code: "FAILED_PRECONDITION",
    summary: "Something else still uses the resource.",
    fix: "Remove what uses it first.",
  },
  NO_CAPACITY: {
    code: "RESOURCE_EXHAUSTED",
    summary: "No host passes all placement filters.",
    fix: "Read the reason given for each host.",
  },
  PLACEMENT_CONTENDED: {
    code: "ABORTED",
    summary: "Hosts changed again and again while a VM was placed on them.",
    fix: "Send the request again.",
  },
  IP_POOL_EXHAUSTED: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The network has no free IP address.",
    fix: "Widen the network's pool or delete VMs.",
  },
  MAC_POOL_EXHAUSTED: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The network has no free MAC address.",
    fix: "Widen the network's MAC pool.",
  },
  IP_TAKEN: {
    code: "ALREADY_EXISTS",
    summary: "The IP address is in use or reserved in the segment.",
    fix: "Use another address, or release the reservation.",
  },
  BRIDGE_ADDRESS_POOL_EXHAUSTED: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The profile has fewer bridge addresses than hosts.",
    fix: "Widen the profile's bridge address range.",
  },
  MAC_TAKEN: {
    code: "ALREADY_EXISTS",
    summary: "The MAC address is in use elsewhere in the fleet.",
    fix: "Use another MAC; duplicates break the network (D12).",
  },
} as const satisfies Record<string, ReasonEntry>;
