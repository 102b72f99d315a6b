import {
  type DatapathFlow,
  findMemoryLock,
  type Host,
  HostFileError,
  listBlockedProcesses,
  listLeftovers,
  listLinks,
  listNeighbours,
  listNetworkFunctions,
  listOpenFlows,
  listVhostHolders,
  readDatapathFlows,
  readEthtoolFeatures,
  readFdb,
  readHasIngress,
  readIngressRules,
  readKernelLog,
  readVmNicOptions,
  readVswitchdLog,
} from "@switchyard/host";
import {
  EXAMINATION_LIMITS,
  type Examination,
  type ExaminedFlow,
  type ExaminedFlows,
  type ExaminedNetdev,
  type ExaminedVm,
  type Inventory,
  isNicCookie,
  SwitchyardError,
} from "@switchyard/model";
import { cardPorts, isBetweenCardPorts, isTellingKernelLine } from "@switchyard/planner";
import type { Clock } from "@switchyard/runtime";
import type { OffloadWatch } from "../telemetry/offload/offload-watch.ts";
import { examineCards } from "./examine-cards.ts";

const LIMITS = EXAMINATION_LIMITS;

/** A process that is in uninterruptible sleep twice, this far apart, is called blocked. */
const BLOCKED_AGAIN_MS = 300;

/** PCI vendor id of Mellanox. */
const SMARTNIC_VENDOR_ID = "0x15b3";
export interface ExamineOptions {
  readonly host: Host;
  readonly clock: Clock;
  /** As it is now. */
  readonly inventory: Inventory;
  readonly agent: Examination["agent"];
  /** Is shown the flows as well, and tells what they proved. */
  readonly offload: OffloadWatch;
}

/**
 * Looks at the host once, beyond its inventory. Changes nothing. What can't be read is undefined: a tool that
 * is missing or fails costs its own member only.
 */
export async function examineHost(options: ExamineOptions): Promise<Examination> {
  const { host, clock, inventory, agent, offload } = options;
  const netdevs = await optional(() => examineNetdevs(host, inventory));
  return {
    kernelMessages: await optional(() => tellingMessages(host)),
    functions: await optional(async () =>
      (await listNetworkFunctions(host, SMARTNIC_VENDOR_ID)).slice(0, LIMITS.functionsMax),
    ),
    blockedProcesses: await optional(() => blockedTwice(host, clock)),
    vhostHolders: await optional(async () =>
      (await listVhostHolders(host)).slice(0, LIMITS.processesMax),
    ),
    netdevs,
    flows: await optional(() => examineFlows(options)),
    cards: await optional(() => examineCards({ host, clock, inventory })),
    offloadProof: offload.proof(),
    offloadMessages: await optional(() => offloadMessages(host)),
    learned: await optional(() => learnedMacs(host, inventory)),
    neighbours: await optional(() => examineNeighbours(host, inventory)),
    nicFlows: await optional(() => examineNicFlows(host, inventory)),
    vms: await optional(() => examineVms(host, inventory)),
    leftovers: await optional(() => listLeftovers(host)),
    agent,
    inventoryAtMs: inventory.observedAtMs,
    // Last: it is held against the controller's clock when the answer is there.
    observedAtMs: clock.nowMs(),
  };
}

/** Undefined where the host refuses; anything else is a bug and passes. */
async function optional<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SwitchyardError || error instanceof HostFileError) return undefined;
    throw error;
  }
}

/** The newest lines are kept. */
async function tellingMessages(host: Host): Promise<readonly string[]> {
  const lines = (await readKernelLog(host)).filter(isTellingKernelLine);
  return lines
    .slice(-LIMITS.kernelMessagesMax)
    .map((line) => line.slice(0, LIMITS.messageCharactersMax));
}

async function blockedTwice(
  host: Host,
  clock: Clock,
): Promise<NonNullable<Examination["blockedProcesses"]>> {
  const first = await listBlockedProcesses(host);
  if (first.length === 0) return [];
  await clock.sleep(BLOCKED_AGAIN_MS);
  const again = new Set((await listBlockedProcesses(host)).map(({ pid }) => pid));
  return first.filter(({ pid }) => again.has(pid)).slice(0, LIMITS.processesMax);
}

/** Netdevs of the NICs: PFs, representors and VFs. */
function nicNetdevs({ nics }: Inventory): readonly string[] {
  const pfs = nics.flatMap((nic) => nic.pfs);
  const vfs = pfs.flatMap((pf) => pf.vfs);
  return [
    ...pfs.map(({ link }) => link.netdev),
    ...vfs.flatMap(({ representor }) => representor?.netdev ?? []),
    ...vfs.flatMap(({ netdev }) => netdev ?? []),
  ];
}

async function examineNetdevs(
  host: Host,
  inventory: Inventory,
): Promise<readonly ExaminedNetdev[]> {
  const names = new Set(nicNetdevs(inventory).slice(0, LIMITS.netdevsMax));
  const links = (await listLinks(host)).filter(({ netdev }) => names.has(netdev));
  const netdevs: ExaminedNetdev[] = [];
  for (const { netdev: name, isUp, hasCarrier, mtu } of links) {
    netdevs.push({
      ...{ name, isUp, hasCarrier, mtu },
      hasTcOffload: await optional(() => readTcOffload(host, name)),
      hasIngressQdisc: await optional(() => readHasIngress(host, name)),
      filters: await optional(() => readIngressRules(host, name)),
    });
  }
  return netdevs;
}

/** A driver without the feature does not list it: then it is off. */
const readTcOffload = async (host: Host, netdev: string): Promise<boolean> =>
  (await readEthtoolFeatures(host, netdev)).get("hw-tc-offload") ?? false;

/**
 * Only flows from port to port of the cards count: no card offloads any other. Of those in software the busiest
 * are told.
 */
async function examineFlows({
  host,
  clock,
  inventory,
  offload,
}: ExamineOptions): Promise<ExaminedFlows> {
  const ports = cardPorts(inventory);
  const all = await readDatapathFlows(host);
  offload.look({ inventory, flows: all, atMs: clock.nowMs() });
  const [own, others] = [true, false].map((isOwn) =>
    all.filter((flow) => isBetweenCardPorts(flow, ports) === isOwn),
  ) as [DatapathFlow[], DatapathFlow[]]; // one for each of the two
  const software = own.filter(({ isOffloaded }) => !isOffloaded);
  return {
    offloadedCount: own.length - software.length,
    softwareCount: software.length,
    software: busiest(software),
    othersCount: others.length,
    others: busiest(others),
  };
}

const busiest = (flows: readonly DatapathFlow[]): readonly ExaminedFlow[] =>
  [...flows]
    .sort((left, right) => right.packets - left.packets)
    .slice(0, LIMITS.softwareFlowsMax)
    .map(({ inPort, actions, place, packets, bytes }) => ({
      ...{ inPort, place, packets, bytes },
      actions: actions.slice(0, LIMITS.messageCharactersMax),
    }));

async function offloadMessages(host: Host): Promise<readonly string[]> {
  const lines = (await readVswitchdLog(host)).filter((line) => OFFLOAD_LINES.test(line));
  return lines
    .slice(-LIMITS.offloadMessagesMax)
    .map((line) => line.slice(0, LIMITS.messageCharactersMax));
}

/** What Open vSwitch says of offload that failed. @see openvswitch/ovs lib/netdev-offload-tc.c */
const OFFLOAD_LINES = /\|(WARN|ERR)\|.*(offload|flow API|ingress qdisc)/i;

async function learnedMacs(
  host: Host,
  inventory: Inventory,
): Promise<NonNullable<Examination["learned"]>> {
  const learned: { bridge: string; mac: string; vlan: number; ageS: number; ofport?: number }[] =
    [];
  for (const { name } of inventory.ovs?.bridges ?? []) {
    for (const { mac, vlan, ageS, ofport } of await readFdb(host, name)) {
      learned.push({ bridge: name, mac, vlan, ageS, ...(ofport !== undefined && { ofport }) });
    }
  }
  return learned.slice(0, LIMITS.learnedMax);
}

async function examineNeighbours(
  host: Host,
  { ovs }: Inventory,
): Promise<NonNullable<Examination["neighbours"]>> {
  const bridges = new Set((ovs?.bridges ?? []).map(({ name }) => name));
  const found = (await listNeighbours(host)).filter(({ netdev }) => bridges.has(netdev));
  return found
    .slice(0, LIMITS.neighboursMax)
    .map(({ netdev, address, mac }) => ({ bridge: netdev, address, mac }));
}

async function examineNicFlows(
  host: Host,
  { ovs }: Inventory,
): Promise<NonNullable<Examination["nicFlows"]>> {
  const counts: { bridge: string; cookie: string; count: number }[] = [];
  for (const { name } of ovs?.bridges ?? []) {
    const cookies = (await listOpenFlows(host, name)).map(({ cookie }) => cookie);
    for (const cookie of new Set(cookies.filter(isNicCookie))) {
      counts.push({
        ...{ bridge: name, cookie },
        count: cookies.filter((each) => each === cookie).length,
      });
    }
  }
  return counts.slice(0, LIMITS.nicFlowsMax);
}

async function examineVms(host: Host, { vms }: Inventory): Promise<readonly ExaminedVm[]> {
  const examined: ExaminedVm[] = [];
  for (const { vm, pid } of vms.slice(0, LIMITS.vmsMax)) {
    if (pid === undefined) continue;
    const nics = await readVmNicOptions(host, pid);
    examined.push({ vm, pid, memoryLock: await findMemoryLock(host, pid), nics });
  }
  return examined;
}
