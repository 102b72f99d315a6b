import type { Inventory, Drift as ModelDrift } from "@switchyard/model";
import { freeVcpuCount, ordinaryMemoryBytes, usableMemoryBytes } from "@switchyard/planner";
import {
  type Capacity,
  DatapathMode,
  type Drift,
  type Host,
  HostKind,
  HostState,
} from "@switchyard/proto";
import type { HostRecord, HostState as RecordState } from "@switchyard/store";
import { hostFindings } from "../hosts/host-findings.ts";
import {
  findSriovPort,
  listUplinks,
  observedInventory,
  usableVfs,
  vfioVfs,
} from "../hosts/slots.ts";
import { experimentName, hostName, profileName } from "../validation/names.ts";
import { DATAPATH_MODE, HOST_KIND } from "./enums.ts";
import { toProtoFinding } from "./finding.ts";
import { toProtoInventory } from "./inventory.ts";

const HOST_STATE: Readonly<Record<RecordState, HostState>> = {
  enrolled: HostState.ENROLLED,
  ready: HostState.READY,
  suspect: HostState.SUSPECT,
  lost: HostState.LOST,
};

/** VFs that can carry VMs in the mode that the host is in. */
function slotCountOf(inventory: Inventory): number {
  const uplinks = listUplinks(inventory);
  if (uplinks.length > 0) return uplinks.flatMap(({ pf }) => usableVfs(pf)).length;
  const port = findSriovPort(inventory);
  return port === undefined ? 0 : vfioVfs(port).length;
}

function capacityOf(inventory: Inventory, allocated: HostRecord["allocated"]): Capacity {
  const slotCount = slotCountOf(inventory);
  const threadCount = inventory.cpu.threadCount;
  const free = freeVcpuCount({ threadCount, allocatedVcpuCount: allocated.vcpuCount });
  const memoryBytes = usableMemoryBytes({ memoryBytes: ordinaryMemoryBytes(inventory) });
  return {
    vcpuCount: free + allocated.vcpuCount,
    vcpuFreeCount: Math.max(0, free),
    memoryBytes: BigInt(memoryBytes),
    memoryFreeBytes: BigInt(Math.max(0, memoryBytes - allocated.memoryBytes)),
    slotCount,
    slotFreeCount: Math.max(0, slotCount - allocated.slotCount),
  };
}

function capacityOfHost(host: HostRecord): Capacity | undefined {
  const inventory = observedInventory(host);
  return inventory && capacityOf(inventory, host.allocated);
}

const toProtoDrift = ({ sinceMs, ...drift }: ModelDrift): Drift => ({
  ...drift,
  sinceTime: new Date(sinceMs),
});

export const toProtoHost = (host: HostRecord): Host => ({
  name: hostName.format(host.id),
  uid: host.uid,
  etag: host.etag,
  labels: { ...host.labels },
  kind: host.kind === undefined ? HostKind.UNSPECIFIED : HOST_KIND[host.kind],
  state: HOST_STATE[host.state],
  createTime: new Date(host.createdAtMs),
  lastSeenTime: host.lastSeenAtMs === undefined ? undefined : new Date(host.lastSeenAtMs),
  agentVersion: host.agentVersion,
  appliedGeneration: BigInt(host.appliedGeneration),
  appliedProfile: host.appliedProfile === undefined ? "" : profileName.format(host.appliedProfile),
  inventory: host.inventory && toProtoInventory(host.inventory),
  findings: hostFindings(host.id, host.inventory).map(toProtoFinding),
  capacity: capacityOfHost(host),
  drift: host.drift.map(toProtoDrift),
  cordon: host.cordon && {
    reason: host.cordon.reason,
    actor: host.cordon.actor,
    time: new Date(host.cordon.atMs),
  },
  fence: host.fence && {
    actor: host.fence.actor,
    time: new Date(host.fence.atMs),
    evidence: host.fence.evidence,
  },
  experiment: host.lease === undefined ? "" : experimentName.format(host.lease.experiment),
  datapathMode:
    host.datapathMode === undefined ? DatapathMode.UNSPECIFIED : DATAPATH_MODE[host.datapathMode],
});
