import {
  type Finding,
  type HostId,
  type Inventory,
  type PciAddress,
  type ProfileId,
  pfsInOrder,
} from "@switchyard/model";
import { planHost } from "@switchyard/planner";

/** Findings of a plan that are facts of the host and its NICs, whatever datapath is asked for. */
const HOST_REASONS: ReadonlySet<Finding["reason"]> = new Set([
  "ESWITCH_FIRMWARE_TOO_OLD",
  "SRIOV_UNSUPPORTED",
]);

/** The planner's own findings for the least datapath there is on a port, so that no rule is written twice. */
function portFindings(host: HostId, pf: PciAddress, inventory: Inventory): readonly Finding[] {
  const desired = {
    host,
    generation: 0,
    profile: "none" as ProfileId,
    profileGeneration: 0,
    datapath: {
      mode: "vdpa",
      uplink: { kind: "address", pciAddress: pf },
      vfCount: 1,
      maxVqp: 1,
      bridge: { name: "none", address: undefined },
      hwOffload: true,
      slots: [],
    },
  } as const;
  return planHost(desired, inventory).findings.filter(({ reason }) => HOST_REASONS.has(reason));
}

/** What is wrong with the host whatever profile it gets: the agent's findings and those of its NICs. */
export function hostFindings(host: HostId, inventory: Inventory | undefined): readonly Finding[] {
  if (inventory === undefined) return [];
  const ports = pfsInOrder(inventory).filter(({ pf }) => !pf.carriesManagement);
  return [
    ...inventory.findings,
    ...ports.flatMap(({ pf }) => portFindings(host, pf.pciAddress, inventory)),
  ];
}
