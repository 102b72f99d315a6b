import type { CheckId } from "./checks.ts";

/** One question of a decision order: asked only once all before it are answered well. */
export interface DecisionStep {
  readonly question: string;
  readonly checks: readonly CheckId[];
  /** What to do by hand where no check tells. */
  readonly hint?: string;
}

export interface DecisionOrder {
  readonly title: string;
  /** Sentences in which people say it. */
  readonly pattern: RegExp;
  readonly steps: readonly DecisionStep[];
}

/** In which order to look when nothing but the trouble is known. */
export const DECISION_ORDERS = {
  network: {
    title: "the network between VMs does not work",
    pattern:
      /(can'?t|can ?not|doesn'?t|does ?not|won'?t|no|never|fail\w*|not?).{0,30}\b(ping|reach|connect|network|traffic|packets?|reply|replies|connectivity)|\b(ping|network|traffic|connectivity).{0,30}(fail|lost|loss|does ?n[o']t work|not work|broken|dead|time(s|d)? ?out|unreachable)|VM.*unreachable|Destination Host Unreachable/i,
    steps: [
      {
        question: "Does the agent answer, and is what it says recent?",
        checks: ["AGENT-ALIVE", "AGENT-INVENTORY"],
      },
      {
        question: "Is the vDPA device or VF there, and does QEMU hold it?",
        checks: [
          "C08",
          "VF-COUNT",
          "VF-READY",
          "D02",
          "D01",
          "VDPA-SLOTS",
          "D09",
          "F01",
          "D10",
          "D11",
          "VM-STATE",
          "F14",
        ],
      },
      { question: "Has the guest's driver negotiated?", checks: ["D15", "F04", "F02", "D16"] },
      {
        question: "Is every link of the chain up?",
        checks: ["C10", "LINK-CARRIER", "LINK-VF"],
      },
      {
        question: "Is the MAC the same everywhere, and nowhere twice?",
        checks: ["D12", "D13", "D14", "WIRE-MAC", "WIRE-IP"],
      },
      { question: "Are Open vSwitch and its ports sound?", checks: ["E10", "E09", "BRIDGE-UP"] },
      {
        question: "Has the bridge learnt both MACs?",
        checks: ["OVS-FDB"],
        hint: "tcpdump -ni REPRESENTOR arp shows slow-path packets only",
      },
      {
        question: "Is the uplink in the bridge, and without an address?",
        checks: ["LINT-ONE-BRIDGE", "E14", "LINT-BRIDGE-ADDRESS"],
      },
      {
        question: "Does the physical switch pass it: VLAN, MTU, storm control?",
        checks: ["LINT-MTU", "PORT-SETTINGS"],
        hint: "compare the uplink's *_phy counters on both hosts",
      },
      { question: "Does traffic run in hardware?", checks: ["E02", "E05", "E03", "E01"] },
    ],
  },
  slow: {
    title: "it is slow",
    pattern:
      /\b(slow|throughput|bandwidth|performance|latency|gbit|gbps|gb\/s|high cpu|low rate)\b/i,
    steps: [
      { question: "Does the PCIe link carry the rate?", checks: ["G01", "A12"] },
      {
        question: "Is the mode right, and does traffic run in hardware?",
        checks: ["C08", "E02", "E05", "E06", "E04", "E03", "E01"],
        hint: "the host's own address on the bridge is never offloaded: measure between VMs",
      },
      {
        question: "Has every queue its vector, its doorbell page and its vCPU?",
        checks: ["F04", "F05", "D08", "D06", "LINT-QUEUES-VCPUS", "LINT-QUEUES-DEVICE"],
      },
      { question: "Are VM and NIC on the same NUMA node?", checks: ["G02"] },
      {
        question: "Does the measuring program use enough threads?",
        checks: [],
        hint: "iperf3 before 3.16 has one thread: run several, or -P with a newer one",
      },
      {
        question: "Is the wire congested, or the MTU uneven?",
        checks: ["LINT-MTU"],
        hint: "look at rx_discards_phy of the uplink",
      },
    ],
  },
} as const satisfies Record<string, DecisionOrder>;

export type DecisionOrderId = keyof typeof DECISION_ORDERS;
