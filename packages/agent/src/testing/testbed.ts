import assert from "node:assert/strict";
import { createHostKey } from "@switchyard/bus";
import {
  type CreateSimHostOptions,
  createLife,
  createSimHost,
  type Life,
  mortalClock,
  mortalHost,
  type SimHost,
  type Watch,
} from "@switchyard/hostsim";
import {
  type HostDesired,
  type Ipv4Cidr,
  type Job,
  type JobEventBody,
  type JobId,
  type JobSpec,
  type PortSettings,
  parseHostId,
  parseIpv4Address,
  parseIpv4Cidr,
  parseJobId,
  parseMacAddress,
  parseNetworkId,
  parsePciAddress,
  parsePlanId,
  parseProfileId,
  parseVmId,
  type VmDesired,
} from "@switchyard/model";
import { planHost } from "@switchyard/planner";
import {
  type Clock,
  newUuid,
  type Random,
  seededRandom,
  silentLogger,
  systemClock,
} from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { type Agent, type AgentOptions, createAgent } from "../agent.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import { createDisk, type Disk } from "./disk.ts";
import { createMemoryBus, type MemoryBus } from "./memory-bus.ts";

export const HOST = parseHostId("r740-01");
const HOST_KEY = createHostKey();
export const AGENT_VERSION = "0.0.0-test";
/** Nothing but jobs moves in a test that does not ask for more. */
const QUIET = {
  heartbeatMs: 3_600_000,
  inventoryMs: 3_600_000,
  telemetryMs: 3_600_000,
  serialLogMs: 3_600_000,
  guestFactsMs: 3_600_000,
  vmWatchMs: 3_600_000,
};
const END_DEADLINE_MS = 20_000;

const lives = new Set<Life>();

/** Kills what a failed test left running, so that its timers do not keep the process. */
export function endAllLives(): void {
  for (const life of lives) life.kill();
  lives.clear();
}

/** One simulated machine with a disk and a queue, on which one agent after the other lives. */
export interface Testbed {
  readonly host: SimHost;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly bus: MemoryBus;
  /** Starts an agent; the one before must be stopped or killed. */
  start(options?: Partial<AgentOptions>, watch?: Watch): Promise<{ agent: Agent; life: Life }>;
  newJob(spec: JobSpec, epoch?: number): Job;
  /** Waits until the job has ended as far as the controller can see. */
  ended(job: JobId, epoch?: number): Promise<Extract<JobEventBody, { kind: "ended" }>>;
  /** Dispatches and waits. */
  runJob(spec: JobSpec): Promise<Extract<JobEventBody, { kind: "ended" }>>;
  applyHost(desired?: HostDesired): Promise<Extract<JobSpec, { kind: "apply-host" }>>;
  /** Titles of what is still to be done. */
  rest(desired?: HostDesired): Promise<readonly string[]>;
}

export function createTestbed(
  options: {
    readonly seed?: number;
    readonly clock?: Clock;
    readonly host?: CreateSimHostOptions;
  } = {},
): Testbed {
  const random: Random = seededRandom(options.seed ?? 1);
  const clock = options.clock ?? systemClock;
  const host = createSimHost({ name: HOST, clock, random: seededRandom(11), ...options.host });
  const disk = createDisk();
  const bus = createMemoryBus(HOST, () => host.reachesManagement);

  const inventory = () =>
    readInventory({ host, clock, agentVersion: AGENT_VERSION, nicProfiles: [] });
  const newJob: Testbed["newJob"] = (spec, epoch = 1) => ({
    id: parseJobId(newUuid(systemClock, random)),
    host: HOST,
    spec,
    epoch,
  });
  const ended: Testbed["ended"] = (job, epoch) =>
    waitFor(
      () => {
        const last = bus.events(job, epoch).at(-1)?.body;
        return last?.kind === "ended" ? last : undefined;
      },
      {
        deadlineMs: END_DEADLINE_MS,
        describe: () => JSON.stringify(bus.events(job, epoch).slice(-3)),
      },
    );

  return {
    host,
    clock,
    disk,
    bus,
    start: async (overrides = {}, watch) => {
      const life = createLife(watch);
      lives.add(life);
      const agent = createAgent({
        host: mortalHost(host, life),
        bus: bus.connect(life),
        key: HOST_KEY,
        storage: disk.mount(life),
        clock: mortalClock(clock, life),
        random,
        log: silentLogger,
        agentVersion: AGENT_VERSION,
        intervals: QUIET,
        ...overrides,
      });
      await Promise.race([agent.start(), aborted(life)]);
      return { agent, life };
    },
    newJob,
    ended,
    runJob: (spec) => {
      const job = newJob(spec);
      bus.dispatch(job);
      return ended(job.id);
    },
    applyHost: async (desired = DATAPATH) => ({
      kind: "apply-host",
      plan: parsePlanId("0190a000-0000-7000-8000-000000000001"),
      desired,
      planDigest: planHost(desired, await inventory()).digest,
    }),
    rest: async (desired = DATAPATH) =>
      planHost(desired, await inventory()).steps.map(({ title }) => title),
  };
}

/** Sets the host up with an agent that is stopped after. */
export async function builtUp(bed: Testbed): Promise<void> {
  const { agent } = await bed.start();
  assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
  await agent.stop();
}

const aborted = (life: Life): Promise<void> =>
  new Promise((resolve) => {
    if (life.isOver) resolve();
    else life.signal.addEventListener("abort", () => resolve(), { once: true });
  });

const SLOT_MACS = ["52:54:00:cb:00:01", "52:54:00:cb:00:02"].map(parseMacAddress);

/** Two VFs with vDPA devices in a bridge with an address: the whole datapath. */
export const DATAPATH: HostDesired = {
  host: HOST,
  generation: 1,
  profile: parseProfileId("r740"),
  profileGeneration: 1,
  datapath: {
    mode: "vdpa",
    uplink: { kind: "port", port: 0 },
    vfCount: 2,
    maxVqp: 4,
    bridge: { name: "cxbr0", address: parseIpv4Cidr("192.168.101.1/24") },
    hwOffload: true,
    slots: SLOT_MACS.map((mac, vfIndex) => ({ vfIndex, mac })),
  },
};

/** The same VFs for vfio. */
export const SRIOV: HostDesired = {
  ...DATAPATH,
  generation: 2,
  datapath: {
    mode: "sriov",
    uplink: { kind: "port", port: 0 },
    vfCount: 2,
    vfDriver: "auto",
    slots: SLOT_MACS.map((mac, vfIndex) => ({ vfIndex, mac })),
  },
};

export const TORN_DOWN: HostDesired = { ...DATAPATH, generation: 2, datapath: undefined };

/** A VM in the slot with this index. */
export function vmInSlot(vfIndex: number, overrides: Partial<VmDesired> = {}): VmDesired {
  const vm = parseVmId(`vm-${vfIndex}`);
  const network = parseNetworkId("blue");
  const mac = parseMacAddress(`52:54:00:cb:45:1${vfIndex}`);
  return {
    vm,
    generation: 1,
    spec: {
      vcpuCount: 4,
      memoryBytes: 1024 ** 3,
      boot: { kind: "disk", path: IMAGES[vfIndex] ?? "", format: "qcow2" },
      nics: [{ network, kind: "vdpa", queuePairs: 4 }],
      hostSelector: {},
      hasGuestAgent: true,
    },
    allocation: {
      vm,
      host: HOST,
      vcpuCount: 4,
      memoryBytes: 1024 ** 3,
      nics: [
        {
          index: 0,
          kind: "vdpa",
          pf: parsePciAddress("0000:82:00.0"),
          vfIndex,
          slotMac: SLOT_MACS[vfIndex] ?? mac,
          mac,
          network,
          address: vmAddress(vfIndex),
          bridge: "cxbr0",
          queuePairs: 4,
        },
      ],
    },
    ...overrides,
  };
}

/** The same VM with the VF itself instead of its vDPA device. */
export function sriovVmInSlot(vfIndex: number): VmDesired {
  const vm = vmInSlot(vfIndex);
  const asVf = <Nic extends object>(nic: Nic) => ({
    ...nic,
    kind: "sriov" as const,
    queuePairs: 0,
  });
  return {
    ...vm,
    spec: { ...vm.spec, nics: vm.spec.nics.map(asVf) },
    allocation: { ...vm.allocation, nics: vm.allocation.nics.map(asVf) },
  };
}

/** A network that asks everything of its ports. */
const DEMANDING: PortSettings = {
  vlan: 40,
  mtu: 9000,
  hasAntiSpoof: true,
  sendLimit: { bitsPerSecond: 1_000_000_000, burstBits: 10_000_000 },
  receiveLimit: { bitsPerSecond: 2_000_000_000, burstBits: 20_000_000 },
};

/** As `vmInSlot`, on a network that asks everything of its ports. */
export function demandingVm(vfIndex: number): VmDesired {
  const vm = vmInSlot(vfIndex);
  const networks = vm.allocation.nics.map(({ network }) => [network, DEMANDING] as const);
  return { ...vm, portSettings: Object.fromEntries(networks) };
}

const IMAGES = [0, 1].map((index) => `/root/downloads/rocky9-vhost-vdpa-${index}.qcow2`);

export const vmAddress = (vfIndex: number): Ipv4Cidr =>
  parseIpv4Cidr(`192.168.101.${20 + vfIndex}/24`);

export const pingJob = (from: number, to: number): JobSpec => ({
  kind: "ping-vm",
  vm: parseVmId(`vm-${from}`),
  target: parseIpv4Address(`192.168.101.${20 + to}`),
  count: 3,
});
