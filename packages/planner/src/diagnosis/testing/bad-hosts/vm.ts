import type { HostCheckId } from "@switchyard/model";
import { cidr } from "@switchyard/testkit/builders";
import type { PlacedVm } from "../../facts.ts";
import { type BadHost, look, observedVm, placed, qemu } from "../changes.ts";

const promised32 = ({ allocation }: PlacedVm) => ({
  allocation: {
    ...allocation,
    nics: allocation.nics.map((nic) => ({ ...nic, queuePairs: 32 })),
  },
});

const NOTHING_LEFT = { runFolders: [], diskFolders: [], processes: [], shownDisks: [] };

export const BAD_VM = {
  F02: ["fail", qemu({ memoryLock: 8 * 1024 ** 2 })],
  F04: ["warn", qemu({}, { hasMultiqueue: false })],
  F05: ["warn", qemu({}, { vectors: 4 })],
  "VM-STATE": [
    "fail",
    observedVm({ state: "failed", reason: "process 4242 ended without a word" }),
  ],
  "VM-UNKNOWN": ["warn", (facts) => ({ ...facts, vms: [] })],
  "LEAK-PROCESS": ["warn", placed(() => ({ state: "stopped" }))],
  "LEAK-FILES": ["warn", look({ leftovers: { ...NOTHING_LEFT, diskFolders: ["gone-1"] } })],
  "VM-AGENT": ["warn", observedVm({ isGuestAgentUp: false })],
  "LINT-QUEUES-DEVICE": ["fail", placed(promised32)],
  "LINT-QUEUES-VCPUS": ["fail", placed(({ spec }) => ({ spec: { ...spec, vcpuCount: 2 } }))],
  "LINT-BRIDGE-ADDRESS": [
    "fail",
    (facts) => ({ ...facts, bridgeAddresses: [cidr("192.168.101.21/24")] }),
  ],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
