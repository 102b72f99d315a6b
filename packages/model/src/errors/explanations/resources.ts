import type { RESOURCE_REASONS } from "../reasons/resources.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const RESOURCE_EXPLANATIONS: ExplanationsOf<typeof RESOURCE_REASONS> = {
  HOST_NOT_FOUND: because(["the name is misspelt", "the host was never enrolled"], "CTL-HOSTS"),
  PROFILE_NOT_FOUND: because(["the name is misspelt", "the profile was deleted"], "PROFILE-MATCH"),
  PLAN_NOT_FOUND: because(["the id is of another cluster, or the plan was removed with its host"]),
  JOB_NOT_FOUND: because(["the id is of another cluster"]),
  SNAPSHOT_NOT_FOUND: because(
    [
      "the job is no host plan: only those have snapshots",
      "the job has no step of this number",
      "the host was away when its snapshots were to be fetched, and has forgotten them since",
    ],
    "CTL-HOSTS",
  ),
  NETWORK_NOT_FOUND: because(["the name is misspelt", "the network was deleted"]),
  IMAGE_NOT_FOUND: because(["the name is misspelt", "the image was deleted"]),
  ROLLOUT_NOT_FOUND: because(["the name is misspelt, or of another cluster"]),
  ROLLOUT_STATE_WRONG: because(["it ended, or somebody else steered it in between"]),
  ROLLOUT_WITHOUT_HOSTS: because([
    "no host carries the labels of both selectors",
    "the hosts that the selector chooses have no profile",
  ]),
  ROLLOUT_CHECK_FAILED: because([
    "the change does not work on this class of hardware",
    "something else broke on the host at the same time",
  ]),
  VM_NOT_FOUND: because(["the name is misspelt", "the VM was deleted"], "VM-UNKNOWN"),
  NAME_TAKEN: because(["the resource exists already", "a request was sent again with another id"]),
  ETAG_STALE: because(["somebody else changed it in between"]),
  GENERATION_STALE: because(["the profile or the host changed since the plan was made"]),
  RESOURCE_IN_USE: because([
    "VMs still use the network",
    "VMs still boot from the image",
    "hosts still have the profile",
  ]),
  NO_CAPACITY: because(
    ["all slots are taken", "no host has the memory or vCPUs", "no host has the labels asked for"],
    "CTL-HOSTS",
    "VDPA-SLOTS",
  ),
  PLACEMENT_CONTENDED: because([
    "several controllers place many VMs on few hosts with room",
    "hosts' agents report new inventories all the time",
  ]),
  IP_POOL_EXHAUSTED: because(["as many VMs as the pool has addresses"]),
  MAC_POOL_EXHAUSTED: because(["as many VMs as the pool has addresses"]),
  IP_TAKEN: because([
    "another VM of the segment has it",
    "a host's bridge has it",
    "it is reserved for another VM, or for none",
  ]),
  BRIDGE_ADDRESS_POOL_EXHAUSTED: because([
    "more hosts match the profile than its range has addresses",
  ]),
  MAC_TAKEN: because(["another VM or slot of the fleet has it"], "D12"),
};
