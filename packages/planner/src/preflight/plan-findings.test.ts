import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHECKS_OF_HOST, type Inventory, type Pf, type SystemFacts } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildSystemFacts,
  buildSystemSpec,
} from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../host/plan-host.ts";
import { PREFLIGHT_RUNS } from "./preflight.ts";

const GIB = 1024 ** 3;
const desired = buildHostDesired(buildDatapath());

const hostWith = (system: Partial<SystemFacts>, overrides: Partial<Inventory> = {}): Inventory =>
  buildBareR740({ system: buildSystemFacts(system), ...overrides });

const withPfs = (inventory: Inventory, change: Partial<Pf>): Inventory => ({
  ...inventory,
  nics: inventory.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({ ...pf, ...change })),
  })),
});

const told = (inventory: Inventory, wish = desired) =>
  planHost(wish, inventory).findings.map(({ reason, severity }) => [reason, severity]);

const NARROW = { pciLink: { speedGtps: 8, width: 8, maxSpeedGtps: 16, maxWidth: 16 } };
const NODES = [
  { node: 0, threadCount: 40, memoryBytes: 192 * GIB },
  { node: 1, threadCount: 40, memoryBytes: 0 },
];
const FULL = [{ path: "/var", sizeBytes: 100 * GIB, availableBytes: 0 }] as const;

describe("a plan's preflight", () => {
  it("finds nothing on a host that is as it should be, nor where nothing is known", () => {
    assert.deepEqual(told(hostWith({})), []);
    assert.deepEqual(told(buildBareR740()), []);
  });

  it("blocks work on a full disk and in a container", () => {
    assert.deepEqual(told(hostWith({ disks: FULL })), [["DISK_FULL", "error"]]);
    assert.deepEqual(told(hostWith({ virtualization: "podman" })), [["HOST_VIRTUALIZED", "error"]]);
  });

  it("warns of what will hurt, and goes on", () => {
    const hosts: readonly (readonly [string, Inventory])[] = [
      ["CLOCK_UNSYNCHRONIZED", hostWith({ isTimeSynchronized: false })],
      ["HOST_VIRTUALIZED", hostWith({ virtualization: "kvm" })],
      ["PCIE_LINK_DEGRADED", withPfs(hostWith({}), NARROW)],
      ["NUMA_NODE_UNSUITABLE", hostWith({ numaNodes: NODES })],
      ["NUMA_NODE_UNSUITABLE", withPfs(hostWith({}), { numaNode: -1 })],
    ];
    for (const [reason, host] of hosts) {
      assert.deepEqual(told(host), [[reason, "warning"]]);
      assert.equal(isBlocked(planHost(desired, host)), false);
    }
  });

  it("warns of firmware tools that a locked-down kernel will refuse", () => {
    const wish = { ...desired, firmware: { images: [], config: {}, allowsDowngrade: false } };
    const reasons = told(hostWith({ lockdown: "integrity" }), wish).map(([reason]) => reason);
    assert.ok(reasons.includes("KERNEL_LOCKED_DOWN"), reasons.join());
  });

  it("says nothing of a host to which nothing is done", () => {
    const done = applySteps(buildBareR740(), planHost(desired, buildBareR740()).steps);
    const bad = { ...done, system: buildSystemFacts({ disks: FULL, isTimeSynchronized: false }) };
    assert.deepEqual(told(bad), []);
  });

  it("does not mind that a lab host is inside an emulator", () => {
    assert.deepEqual(told(hostWith({ virtualization: "qemu" }, { hostKind: "lab" })), []);
  });

  it("says word for word what the doctor says", () => {
    const host = withPfs(hostWith({ disks: FULL }), NARROW);
    const { findings } = planHost(desired, host);
    for (const id of ["HOST-DISK", "G01"] as const) {
      const { evidence } = PREFLIGHT_RUNS[id]({ inventory: host, desired });
      const finding = findings.find(({ needs }) => needs === CHECKS_OF_HOST[id].title);
      assert.equal(finding?.found, evidence.join("; "));
    }
  });
});

describe("the IOMMU in a plan", () => {
  const sriov = buildHostDesired(buildDatapath({ mode: "sriov" } as never));
  const off = (isAdvertised: boolean) =>
    hostWith(
      { iommu: { isAdvertised, units: [], groupTypes: {} }, kernelArguments: ["ro"] },
      { iommuGroupCount: 0 },
    );
  const iommuFindings = (wish: typeof desired, inventory: Inventory) =>
    planHost(wish, inventory).findings.filter(({ found }) => found.startsWith("0 IOMMU groups"));

  it("blocks VFs for VMs and only warns of vDPA, each with the fix that fits", () => {
    const [blocking] = iommuFindings(sriov, off(true));
    assert.deepEqual(
      [blocking?.severity, blocking?.fix],
      ["error", "Boot with intel_iommu=on iommu=pt."],
    );
    const [warning] = iommuFindings(desired, off(false));
    assert.deepEqual(
      [warning?.severity, warning?.fix],
      ["warning", "Enable VT-d in BIOS and reboot."],
    );
  });

  it("is there after the boot that the plan's own arguments bring, where firmware offers it", () => {
    const system = buildSystemSpec({ kernelArguments: ["intel_iommu=on", "iommu=pt"] });
    assert.deepEqual(iommuFindings({ ...sriov, system }, off(true)), []);
    assert.equal(iommuFindings({ ...sriov, system }, off(false)).length, 1);
  });
});
