import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostDesired, Inventory, PreflightCheckId, SystemFacts } from "@switchyard/model";
import {
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildSystemFacts,
} from "@switchyard/testkit/builders";
import { ordinaryMemoryBytes } from "../placement/candidate.ts";
import { PREFLIGHT_RUNS, preflightHost } from "./preflight.ts";

const GIB = 1024 ** 3;

const host = (system: Partial<SystemFacts>, overrides: Partial<Inventory> = {}): Inventory =>
  buildBareR740({ system: buildSystemFacts(system), ...overrides });

const ask = (
  id: PreflightCheckId,
  inventory: Inventory | undefined,
  desired: HostDesired = buildHostDesired(buildDatapath()),
) => PREFLIGHT_RUNS[id]({ inventory, desired });

const statusOf = (...asked: Parameters<typeof ask>) => ask(...asked).status;

describe("preflight checks", () => {
  it("skip all of a host that has not reported", () => {
    const verdicts = preflightHost({ inventory: undefined, desired: undefined });
    assert.equal(verdicts.length, Object.keys(PREFLIGHT_RUNS).length);
    for (const { id, status } of verdicts) assert.equal(status, "skip", id);
  });

  it("skip what the host does not say, and never call it good", () => {
    const ids: readonly PreflightCheckId[] = [
      "A03",
      "HOST-NESTED",
      "HOST-DISK",
      "HOST-HUGEPAGES",
      "HOST-TIME",
      "HOST-REBOOT",
      "HOST-SELINUX",
      "HOST-SECURE-BOOT",
    ];
    for (const id of ids) assert.equal(statusOf(id, buildBareR740()), "skip", id);
  });

  it("tell what kinds of IOMMU groups there are", () => {
    assert.deepEqual(ask("A02", host({}, { iommuGroupCount: 60 })).evidence, [
      "60 IOMMU groups: 60 identity",
    ]);
  });

  it("ask for the arguments that the CPU needs and those that the profile names", () => {
    assert.equal(
      statusOf("A03", host({ kernelArguments: ["intel_iommu=on", "iommu=pt"] })),
      "pass",
    );
    assert.deepEqual(ask("A03", host({ kernelArguments: ["ro", "iommu=pt"] })).evidence, [
      "intel_iommu=on is missing",
    ]);
    const amd = { cpu: { ...buildBareR740().cpu, modelName: "AMD EPYC 7543" } };
    assert.equal(statusOf("A03", host({ kernelArguments: ["ro"] }, amd)), "pass");
  });

  it("blame BIOS for absent VFs where the BMC says so", () => {
    const bare = buildBareR740();
    const nics = bare.nics.map((nic) => ({
      ...nic,
      pfs: nic.pfs.map((pf) => ({ ...pf, totalVfs: 0 })),
    }));
    const facts = { biosAttributes: { SriovGlobalEnable: "Disabled" } };
    const { evidence, fix } = ask("A04", { ...bare, nics, bmc: { facts } as never });
    assert.equal(evidence.at(-1), "SriovGlobalEnable=Disabled in BIOS");
    assert.match(fix ?? "", /SriovGlobalEnable/);
    assert.equal(ask("A04", { ...bare, nics }).fix, undefined);
    const setup = {
      biosAttributes: { SriovGlobalEnable: "Enabled" },
      nicFunctions: nics.flatMap(({ pfs }) =>
        pfs.map(({ pciAddress }) => ({ id: `NIC ${pciAddress}`, pciAddress, mode: "NONE" })),
      ),
    };
    const off = ask("A04", { ...bare, nics, bmc: { facts: setup } as never });
    assert.match(off.evidence.at(-1) ?? "", /^NIC 0000:\S+ VirtualizationMode=NONE/);
    assert.match(off.fix ?? "", /nic_virtualization/);
  });

  it("look at every port where no profile has chosen one yet", () => {
    const without = { ...buildHostDesired(), datapath: undefined };
    const carrying = (count: number): Inventory => {
      const bare = buildBareR740();
      const nics = bare.nics.map((nic) => ({
        ...nic,
        pfs: nic.pfs.map((pf, at) => ({ ...pf, carriesManagement: at < count })),
      }));
      return { ...bare, nics };
    };
    const ports = buildBareR740().nics[0]?.pfs.length ?? 0;
    assert.equal(statusOf("G01", buildBareR740(), without), "pass");
    assert.equal(statusOf("MGMT-PATH", carrying(1), without), "pass");
    assert.equal(statusOf("MGMT-PATH", carrying(ports), without), "warn");
    assert.equal(statusOf("MGMT-PATH", carrying(1)), "fail");
  });

  it("warn of huge pages that take half of the memory, and fail where they leave none", () => {
    const pages = (count: number) =>
      host({ hugepages: [{ sizeBytes: GIB, count }] }, { memoryBytes: 64 * GIB });
    assert.deepEqual(
      [8, 40, 62].map((count) => statusOf("HOST-HUGEPAGES", pages(count))),
      ["pass", "warn", "fail"],
    );
    assert.equal(ordinaryMemoryBytes(pages(40)), 24 * GIB);
    assert.equal(ordinaryMemoryBytes(buildBareR740({ memoryBytes: GIB })), GIB);
  });

  it("fail an unsigned driver under lockdown, and pass the distribution's own", () => {
    const locked = host({ isSecureBoot: false, lockdown: "integrity" });
    assert.equal(statusOf("HOST-SECURE-BOOT", locked), "pass");
    const driver = { kind: "doca-ofed" } as never;
    const { status, evidence } = ask("HOST-SECURE-BOOT", locked, {
      ...buildHostDesired(),
      driver,
    });
    assert.equal(status, "fail");
    assert.equal(evidence[0], "kernel lockdown is integrity");
  });

  it("tell a container, which can't work, from a VM, which may", () => {
    assert.equal(statusOf("HOST-NESTED", host({ virtualization: "lxc" })), "fail");
    assert.equal(statusOf("HOST-NESTED", host({ virtualization: "vmware" })), "warn");
    assert.equal(statusOf("HOST-NESTED", host({ virtualization: "none" })), "pass");
  });
});
