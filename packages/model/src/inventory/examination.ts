import type { OffloadProof } from "./inventory.ts";

/** A function of a network card on the PCI bus. */
export interface ExaminedFunction {
  readonly pciAddress: string;
  readonly isVf: boolean;
  readonly driver: string | undefined;
}

export interface ExaminedNetdev {
  readonly name: string;
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly mtu: number;
  /** `ethtool -k`: hw-tc-offload; undefined where it can't be told. */
  readonly hasTcOffload: boolean | undefined;
  readonly hasIngressQdisc: boolean | undefined;
  /** Rules on its ingress, and how many of them the card did not take. */
  readonly filters: { readonly count: number; readonly notInHardwareCount: number } | undefined;
}

/**
 * Where a flow of the OVS datapath runs: in the card, partly in the card, in tc's software, or in the kernel's datapath.
 *
 * @see openvswitch/ovs lib/dpif.h, struct dpif_flow_attrs
 */
export type FlowPlace = "card" | "partly-card" | "tc-software" | "kernel";

/** A flow of the OVS datapath that the card does not carry. */
export interface ExaminedFlow {
  /** Netdev it comes in by. */
  readonly inPort: string;
  /** As printed: names of ports, or `drop`, `userspace(…)`, `ct(…)`. */
  readonly actions: string;
  readonly place?: FlowPlace;
  /** Since it was set up. */
  readonly packets?: number;
  readonly bytes?: number;
}

/** Flows of the OVS datapath that carry traffic now. */
export interface ExaminedFlows {
  readonly offloadedCount: number;
  /** Flows between two ports of the card that run in software, of which some are shown. */
  readonly softwareCount: number;
  readonly software: readonly ExaminedFlow[];
  /** Flows to or from anything else, which no card carries; absent from an agent that does not tell. */
  readonly othersCount?: number;
  readonly others?: readonly ExaminedFlow[];
}

/**
 * What is wrong with a queue of a card: stopped by an error; its completion queue ran over or could not be written;
 * full, and the card takes nothing off it.
 */
export type QueueFault = "error" | "completion" | "stuck";

/** What the reporters of devlink see of a PF and its VFs. What could not be read is absent. */
export interface ExaminedCard {
  readonly pf: string;
  /** Reporters that saw an error and did not recover. */
  readonly unhealthy: readonly { readonly reporter: string; readonly errorCount: number }[];
  /** What the firmware says of itself; syndrome 0: all is well. */
  readonly firmware?: { readonly syndrome: number; readonly description: string | undefined };
  /** Directions whose queues could be looked at. */
  readonly queueDirections: readonly ("receive" | "transmit")[];
  readonly failedQueues: readonly {
    readonly direction: "receive" | "transmit";
    readonly fault: QueueFault;
    readonly count: number;
  }[];
  /** Functions that have queues in error, whatever the queues are for; no VF: the PF itself. */
  readonly errorQueues: readonly { readonly vf?: number; readonly count: number }[];
}

/** A process that has a `/dev/vhost-vdpa-N` open. */
export interface VhostHolder {
  readonly path: string;
  readonly pid: number;
  readonly command: string;
}

/** QEMU's process of a VM: what it was told, and its limits. */
export interface ExaminedVm {
  readonly vm: string;
  readonly pid: number;
  /** RLIMIT_MEMLOCK. */
  readonly memoryLock: "unlimited" | number | undefined;
  readonly nics: readonly {
    readonly vhostPath: string;
    readonly hasMultiqueue: boolean;
    readonly hasPagePerVq: boolean;
    readonly vectors: number | undefined;
  }[];
}

/** What a host keeps of VMs, by their names, whoever knows of them; each list of at most {@link LEFTOVERS_MAX}. */
export interface Leftovers {
  readonly runFolders: readonly string[];
  readonly diskFolders: readonly string[];
  readonly processes: readonly { readonly vm: string; readonly pid: number }[];
  /** Disks that are shown as block devices, as while one is edited. */
  readonly shownDisks: readonly { readonly device: string; readonly vm: string }[];
}

export const LEFTOVERS_MAX = 512;

/**
 * What only a look at the host tells, taken when a diagnosis asks for it and kept nowhere. Lists are bounded
 * by {@link EXAMINATION_LIMITS}. A member is undefined where it could not be read: that is not known, and
 * never good or bad.
 */
export interface Examination {
  /** The host's wall clock at its end. */
  readonly observedAtMs: number;
  /** `observedAtMs` of the inventory that was read just before, and published. */
  readonly inventoryAtMs: number;
  /** Lines of the kernel log that the diagnosis catalogue knows, oldest first. */
  readonly kernelMessages: readonly string[] | undefined;
  readonly functions: readonly ExaminedFunction[] | undefined;
  /** Processes in uninterruptible sleep in two looks. */
  readonly blockedProcesses:
    | readonly { readonly pid: number; readonly command: string; readonly waitsIn: string }[]
    | undefined;
  readonly vhostHolders: readonly VhostHolder[] | undefined;
  readonly netdevs: readonly ExaminedNetdev[] | undefined;
  readonly flows: ExaminedFlows | undefined;
  /** By which flow offload is proven; undefined where it is not. */
  readonly offloadProof?: OffloadProof | undefined;
  /** Lines of ovs-vswitchd's log that speak of offload, oldest first. */
  readonly offloadMessages?: readonly string[] | undefined;
  /** MACs that bridges learnt, with VLAN (0: none) and OpenFlow port; undefined port: the bridge's own. */
  readonly learned:
    | readonly {
        readonly bridge: string;
        readonly mac: string;
        readonly vlan: number;
        /** Since it was heard last. */
        readonly ageS: number;
        readonly ofport?: number;
      }[]
    | undefined;
  /** Who answers for addresses on bridges' own ports, confirmed within the last half minute. */
  readonly neighbours:
    | readonly { readonly bridge: string; readonly address: string; readonly mac: string }[]
    | undefined;
  /** How many flows of ours bridges have for each NIC, by the NIC's cookie. */
  readonly nicFlows:
    | readonly { readonly bridge: string; readonly cookie: string; readonly count: number }[]
    | undefined;
  readonly vms: readonly ExaminedVm[] | undefined;
  /** Absent from an agent that does not ask the cards. */
  readonly cards?: readonly ExaminedCard[] | undefined;
  /** Absent from an agent that does not look for it. */
  readonly leftovers?: Leftovers | undefined;
  readonly agent: {
    /** Why its ledger takes no jobs; undefined while it does. */
    readonly ledgerTrouble: string | undefined;
    /** Jobs accepted and not at their end. */
    readonly unfinishedJobCount: number;
  };
}

export const EXAMINATION_LIMITS = {
  kernelMessagesMax: 50,
  messageCharactersMax: 400,
  functionsMax: 300,
  processesMax: 50,
  netdevsMax: 300,
  /** PFs that are asked, and VFs of them all. */
  cardsMax: 16,
  cardVfsMax: 128,
  softwareFlowsMax: 20,
  offloadMessagesMax: 20,
  learnedMax: 1000,
  neighboursMax: 1000,
  nicFlowsMax: 1000,
  vmsMax: 256,
} as const;
