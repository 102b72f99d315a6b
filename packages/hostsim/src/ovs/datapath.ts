import { isLagActive } from "../machine/bond.ts";
import type { Machine, Pf } from "../machine/machine.ts";
import { type Netdev, portsOfBond } from "../machine/netdev.ts";
import type { OpenFlow } from "./open-flow.ts";

/** One flow of the datapath, from its first packet until it has been idle too long. */
export interface Flow {
  readonly bridge: string;
  readonly inPort: string;
  readonly outPort: string;
  readonly source: string;
  readonly destination: string;
  /** vswitchd gave its rule to tc; what the card does not take of it, tc carries in software. */
  readonly isInTc: boolean;
  readonly isOffloaded: boolean;
  packets: number;
  bytes: number;
  softwarePackets: number;
  lastUsedMs: number;
}

/** What Open vSwitch and the kernel learned since the boot: nothing of it is configuration. */
export interface Datapath {
  /** Per bridge: VLAN and MAC address, as {@link learnedKey} joins them, to port name. */
  readonly learned: Map<string, Map<string, string>>;
  readonly flows: Map<string, Flow>;
  /** OpenFlow port numbers given out, by port name. */
  readonly ofports: Map<string, number>;
  /** Per bridge, what was added to its OpenFlow table; vswitchd keeps it in memory. */
  readonly openFlows: Map<string, readonly OpenFlow[]>;
}

/** 0 for frames without a tag. */
export const learnedKey = (vlan: number, mac: string): string => `${vlan} ${mac}`;

export const emptyDatapath = (): Datapath => ({
  learned: new Map(),
  flows: new Map(),
  ofports: new Map(),
  openFlows: new Map(),
});

/** Default of other_config:max-idle. Source: openvswitch/ovs vswitchd/vswitch.xml */
const FLOW_IDLE_MS = 10_000;

/** A bond is the card's where the card carries it as VF-LAG. */
const isOfCard = (machine: Machine, netdev: Netdev | undefined): boolean =>
  netdev?.kind === "uplink" ||
  netdev?.kind === "representor" ||
  (netdev?.kind === "bond" && isLagActive(machine, netdev.name));

const takesRules = (machine: Machine, netdev: Netdev | undefined): boolean =>
  isOfCard(machine, netdev) && netdev?.hasTcOffload === true && netdev.hasIngressQdisc;

/** Rules are for ports of one e-switch only; never for the bridge's own port. */
const isForTc = (machine: Machine, inPort: string, outPort: string): boolean =>
  machine.boot.vswitchd?.offloads === true &&
  takesRules(machine, machine.boot.netdevs.get(inPort)) &&
  isOfCard(machine, machine.boot.netdevs.get(outPort));

/** Takes away idle flows; only a running vswitchd does. */
export function expireFlows(machine: Machine): void {
  const { flows } = machine.boot.datapath;
  if (machine.boot.vswitchd === undefined) return;
  const oldest = machine.clock.nowMs() - FLOW_IDLE_MS;
  for (const [key, flow] of flows) {
    if (flow.lastUsedMs < oldest) flows.delete(key);
  }
}

export function dropRules(machine: Machine, netdev: string): void {
  const { flows } = machine.boot.datapath;
  for (const [key, flow] of flows) {
    if (flow.isInTc && (flow.inPort === netdev || flow.outPort === netdev)) flows.delete(key);
  }
}

/** Rules that were given to tc on a netdev's ingress and are still there, in the card or not. */
export function rulesOn(machine: Machine, netdev: string): readonly Flow[] {
  expireFlows(machine);
  return [...machine.boot.datapath.flows.values()].filter(
    (flow) => flow.isInTc && flow.inPort === netdev,
  );
}

/** Those of them that the card has taken. */
export const offloadRulesOn = (machine: Machine, netdev: string): readonly Flow[] =>
  rulesOn(machine, netdev).filter(({ isOffloaded }) => isOffloaded);

const isBondOf = (machine: Machine, bond: Netdev, pf: Pf): boolean =>
  bond.kind === "bond" &&
  portsOfBond(machine, bond.name).some(({ pciAddress }) => pciAddress === pf.pciAddress);

/** Each offloaded rule holds a reference on the e-switch. */
export const hasOffloadRules = (machine: Machine, pf: Pf): boolean =>
  [...machine.boot.netdevs.values()].some(
    (netdev) =>
      isOfCard(machine, netdev) &&
      (netdev.pciAddress === pf.pciAddress || isBondOf(machine, netdev, pf)) &&
      offloadRulesOn(machine, netdev.name).length > 0,
  );

/**
 * Books a frame on its flow, making the flow at the first one.
 *
 * @returns whether hardware forwarded it; the first packet of a flow never is
 */
export function passFlow(
  machine: Machine,
  {
    copies,
    ...frame
  }: Omit<Flow, "isInTc" | "isOffloaded" | "packets" | "softwarePackets" | "lastUsedMs"> & {
    readonly copies: number;
  },
): boolean {
  expireFlows(machine);
  const { flows } = machine.boot.datapath;
  const key = [frame.bridge, frame.inPort, frame.source, frame.destination].join(" ");
  const known = flows.get(key);
  const now = machine.clock.nowMs();
  if (known === undefined || known.outPort !== frame.outPort) {
    const isInTc = isForTc(machine, frame.inPort, frame.outPort);
    const isOffloaded = isInTc && machine.spec.carriesFlows;
    const bytes = frame.bytes * copies;
    const counts = { packets: copies, softwarePackets: copies, bytes };
    flows.set(key, { ...frame, ...counts, isInTc, isOffloaded, lastUsedMs: now });
    return false;
  }
  known.packets += copies;
  known.bytes += frame.bytes * copies;
  if (!known.isOffloaded) known.softwarePackets += copies;
  known.lastUsedMs = now;
  return known.isOffloaded;
}
