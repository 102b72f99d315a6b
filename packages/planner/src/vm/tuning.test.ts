import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatCommand,
  type HostPlan,
  type Inventory,
  type NumaNode,
  type VmDesired,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildHostDesired,
  buildSystemFacts,
  buildVmDesired,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { planVmStart } from "./plan-vm.ts";

const [MIB, GIB] = [1024 ** 2, 1024 ** 3];

/** The builder's NIC is on node 1, whose CPUs are odd, as on a server with two sockets. */
const NODES: readonly NumaNode[] = [0, 1].map((node) => ({
  node,
  threadCount: 8,
  memoryBytes: 16 * GIB,
  cpus: Array.from({ length: 8 }, (_, at) => 2 * at + node),
  hugepages: [{ sizeBytes: GIB, count: 8, freeCount: node === 0 ? 8 : 2 }],
}));
const HUGEPAGES = [{ sizeBytes: GIB, count: 16, freeCount: 10 }];

const bare = buildBareR740();
const prepared = applySteps(bare, planHost(buildHostDesired(), bare).steps);
const host: Inventory = {
  ...prepared,
  system: buildSystemFacts({ numaNodes: NODES, hugepages: HUGEPAGES }),
};

const vmWith = (spec: Partial<VmDesired["spec"]>): VmDesired => buildVmDesired(host, { spec });
const plan = (spec: Partial<VmDesired["spec"]>, on = host) => planVmStart(vmWith(spec), on);
const foundIn = ({ findings }: HostPlan) => findings.map(({ reason, found }) => [reason, found]);
const qemuOf = ({ steps }: HostPlan): string =>
  steps
    .filter(({ kind }) => kind === "ensureVmRunning")
    .flatMap(({ commands }) => commands.map(formatCommand))
    .join("\n");
const cpusOf = ({ steps }: HostPlan) =>
  steps.flatMap((step) => (step.kind === "ensureVcpusPinned" ? [step.arguments.cpus] : []))[0];

const pinnedTo = (...pinnedCpus: readonly number[]): Inventory => ({
  ...host,
  vms: [
    {
      ...{ vm: "other", state: "running", pid: 7, startedBy: undefined, nics: [] },
      ...{ isGuestAgentUp: true, reason: undefined, pinnedCpus },
    },
  ],
});

describe("memory of a VM", () => {
  it("is left to QEMU and the kernel where nothing is asked for", () => {
    for (const numa of [undefined, "any"] as const) {
      assert.doesNotMatch(qemuOf(plan(numa === undefined ? {} : { numa })), /memory-backend/);
    }
  });

  it("is bound to the NIC's node where that is required, and preferred there where it fits", () => {
    assert.match(
      qemuOf(plan({ numa: "required" })),
      /q35,accel=\w+,memory-backend=ram0 .* -object memory-backend-ram,id=ram0,size=4096M,host-nodes=1,policy=bind/,
    );
    assert.match(qemuOf(plan({ numa: "preferred" })), /host-nodes=1,policy=preferred/);
    const large = plan({ numa: "preferred", memoryBytes: 20 * GIB });
    assert.doesNotMatch(qemuOf(large), /host-nodes/);
    assert.deepEqual(large.findings, []);
  });

  it("is refused where its node is required and too small, or not known", () => {
    const [finding] = foundIn(plan({ numa: "required", memoryBytes: 20 * GIB }));
    assert.deepEqual(finding, ["NUMA_NODE_SHORT", `node 1 has ${16 * GIB} bytes`]);
    const blind = { ...host, system: buildSystemFacts() };
    assert.equal(foundIn(plan({ numa: "required" }, blind))[0]?.[0], "NUMA_NODE_SHORT");
    assert.deepEqual(foundIn(plan({ numa: "preferred" }, blind)), []);
  });

  it("comes from huge pages that are free, on the node where that is required", () => {
    const size = { hugepageBytes: GIB };
    assert.match(
      qemuOf(plan(size)),
      /-object memory-backend-memfd,id=ram0,size=4096M,hugetlb=on,hugetlbsize=1024M,share=on,prealloc=on(?: |$)/,
    );
    assert.deepEqual(foundIn(plan(size)), []);
    assert.deepEqual(foundIn(plan({ ...size, memoryBytes: 12 * GIB })), [
      ["HUGEPAGES_SHORT", `10 of 16 pages of ${GIB} bytes free`],
    ]);
    assert.deepEqual(foundIn(plan({ ...size, numa: "required" })), [
      ["HUGEPAGES_SHORT", `2 of 8 pages of ${GIB} bytes free on NUMA node 1`],
    ]);
    assert.deepEqual(foundIn(plan({ hugepageBytes: 2 * MIB })), [
      ["HUGEPAGES_SHORT", `0 of 0 pages of ${2 * MIB} bytes free`],
    ]);
  });

  it("is refused when it is no whole number of huge pages", () => {
    const odd = plan({ hugepageBytes: GIB, memoryBytes: 1536 * MIB });
    assert.equal(foundIn(odd)[0]?.[0], "LINT_FAILED");
  });
});

describe("pinned vCPUs", () => {
  const cpuPinning = true;

  it("get the lowest CPUs that no other VM has, and never CPU 0", () => {
    assert.deepEqual(cpusOf(plan({ cpuPinning })), [1, 2, 3, 4]);
    assert.deepEqual(cpusOf(plan({ cpuPinning }, pinnedTo(1, 3))), [2, 4, 5, 6]);
    assert.equal(cpusOf(plan({})), undefined);
  });

  it("are near the NIC where that is preferred, and elsewhere with a warning when it is full", () => {
    const numa = "preferred";
    assert.deepEqual(cpusOf(plan({ cpuPinning, numa }, pinnedTo(1))), [3, 5, 7, 9]);
    const full = plan({ cpuPinning, numa }, pinnedTo(1, 3, 5, 7, 9));
    assert.deepEqual(cpusOf(full), [2, 4, 6, 8]);
    assert.deepEqual(
      full.findings.map(({ severity, reason }) => [severity, reason]),
      [["warning", "CPUS_SHORT"]],
    );
  });

  it("are refused where the NIC's node is required and full, or the host is", () => {
    const full = plan({ cpuPinning, numa: "required" }, pinnedTo(1, 3, 5, 7, 9));
    assert.deepEqual(foundIn(full), [
      ["CPUS_SHORT", "3 CPUs that no VM is pinned to, on the NIC's NUMA node"],
    ]);
    assert.equal(foundIn(plan({ cpuPinning, vcpuCount: 16 }))[0]?.[0], "CPUS_SHORT");
  });

  it("stay where they are while the VM runs", () => {
    const first = plan({ cpuPinning });
    const running = applySteps(host, first.steps);
    const again = planVmStart(vmWith({ cpuPinning }), running);
    assert.deepEqual(
      again.steps.map(({ kind }) => kind),
      ["ensureVcpusPinned", "ensureGuestAddress"],
    );
    assert.deepEqual(cpusOf(again), cpusOf(first));
  });
});
