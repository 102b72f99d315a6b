import {
  type Disruption,
  Fleet,
  Host,
  HostKind,
  HostState,
  Plan,
  PlanState,
} from "@switchyard/proto";
import { offloadOf } from "./fake-offload.ts";
import { refuse } from "./fake-refusal.ts";

export const hosts = [
  Host.fromPartial({
    name: "hosts/r740-01",
    kind: HostKind.SIMULATED,
    state: HostState.READY,
    labels: { role: "vm-host" },
    capacity: { slotCount: 2, slotFreeCount: 1, vcpuCount: 80, vcpuFreeCount: 64 },
  }),
  Host.fromPartial({ name: "hosts/lab-1", kind: HostKind.LAB, state: HostState.LOST }),
];

const plan = Plan.fromPartial({
  name: "plans/p1",
  etag: "e1",
  host: "hosts/r740-01",
  hostKind: HostKind.SIMULATED,
  profile: "profiles/cx6dx",
  state: PlanState.READY,
  steps: [
    {
      id: "01-ensureVfCount",
      kind: "ensureVfCount",
      title: "Create 2 VFs on 0000:82:00.0",
      disruption: 1,
      isReversible: true,
      commands: [
        { command: { $case: "write", value: { path: "/sys/x/sriov_numvfs", text: "2" } } },
      ],
    },
  ],
});

/** Two hosts, and a fleet that is not frozen unless told otherwise. */
export const hostAnswers = (fleet?: Fleet) => {
  const known = fleet ?? Fleet.fromPartial({ name: "fleet", hostCounts: { ready: 1, lost: 1 } });
  return {
    listHosts: () => ({ hosts, nextPageToken: "" }),
    getFleet: () => known,
    unfreezeFleet: () => ({ ...known, freeze: undefined }),
    getHost: ({ name }: { name: string }) =>
      hosts.find((host) => host.name === name) ??
      refuse("NOT_FOUND", "HOST_NOT_FOUND", {
        message: `there is no host ${name}`,
        metadata: { found: name, try: "swy host list" },
      }),
    updateHost: ({ host }: { host: Host }) => host,
    getHostOffload: ({ host }: { host: string }) => offloadOf(host),
    listHostOffloads: () => ({ hostOffloads: [offloadOf("hosts/r740-01")], nextPageToken: "" }),
    createProfile: ({ profile }: { profile: object }) => profile,
  };
};

/** One plan, of this disruption. */
export const planAnswers = (disruption: Disruption) => ({
  setDatapathMode: () => plan,
  createPlan: () => ({ ...plan, disruption }),
  getPlan: () => plan,
});
