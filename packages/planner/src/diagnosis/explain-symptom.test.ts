import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CheckId, type CheckResult, type CheckStatus, checkEntry } from "@switchyard/model";
import { explainSymptom } from "./explain-symptom.ts";

const result = (id: CheckId, status: CheckStatus, evidence = "seen"): CheckResult => ({
  id,
  ...checkEntry(id),
  status,
  evidence: [evidence],
  safeFix: undefined,
});

const idsFor = (text: string, results: readonly CheckResult[] = []) =>
  explainSymptom(text, results).causes.map(({ id }) => id);

/** Texts as tools print them, with the entry of the catalogue that must be among the first two. */
const TEXTS: readonly (readonly [string, string])[] = [
  [
    "Error: mlx5_core: Failed setting eswitch to offloads.\nkernel answers: Invalid argument",
    "C01",
  ],
  ["mlx5_core 0000:82:00.0: CREATE_FLOW_TABLE(0x930) failed, syndrome (0x98afbb), err(-22)", "C02"],
  ["Error: mlx5_core: Can't change mode, E-Switch is busy.", "C04"],
  ["2 VFs already enabled. Disable before enabling 4 VFs", "A05"],
  ["mlx5_core 0000:82:00.0: not enough MMIO resources for SR-IOV", "A07"],
  ["Could not open '/dev/vhost-vdpa-0': No such file or directory", "D09"],
  ["vhost-vdpa: DMA mapping failed, unable to continue", "F02"],
  ["Could not open '/dev/vhost-vdpa-0': Device or resource busy", "D11"],
  [
    "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file)",
    "E10",
  ],
  ["could not open network device eth0 (No such device)", "E09"],
  ["devices are not on same switch HW, can't offload forwarding", "E04"],
  ["Failed to connect to vdpa Netlink", "D02"],
  ["modprobe: FATAL: Module mlx5_vdpa not found in directory /lib/modules/5.14", "B13"],
  ["Could not access KVM kernel module: No such file or directory", "A01"],
  ["vfio 0000:82:00.2: no iommu_group found: No such file or directory", "A02"],
  ['Failed to get shared "write" lock', "F07"],
  ["Key was rejected by service", "B11"],
  ["SR-IOV VM has no link through the switch", "F14"],
];

describe("explainSymptom", () => {
  for (const [text, id] of TEXTS) {
    it(`knows "${text.slice(0, 60)}"`, () => {
      const ids = idsFor(text);
      assert.ok(ids.slice(0, 3).includes(id), ids.join(", "));
    });
  }

  it("ranks causes by what the host's checks found", () => {
    const text = "Failed setting eswitch to offloads";
    assert.equal(idsFor(text)[0], "C01");
    const checks = [result("C01", "pass"), result("B06", "pass"), result("C02", "fail", "2 VFs")];
    const { causes } = explainSymptom(text, checks);
    assert.equal(causes[0]?.id, "C02");
    assert.equal(causes[0]?.likelihood, "confirmed");
    assert.deepEqual(causes[0]?.evidence, ["C02: 2 VFs"]);
    assert.equal(causes.at(-1)?.id, "C01");
    assert.equal(causes.at(-1)?.likelihood, "ruled-out");
  });

  it("walks the decision order when all that is said is that VMs can't ping", () => {
    for (const text of ["VM can't ping", "the network between VMs doesn't work", "ping fails"]) {
      const { order, causes, isKnown } = explainSymptom(text, [
        result("C10", "fail", "eth0 is down"),
        result("E14", "pass"),
        result("VF-READY", "pass"),
      ]);
      assert.equal(isKnown, true, text);
      assert.match(order?.title ?? "", /network between VMs/);
      assert.deepEqual(
        causes.map(({ id }) => id),
        ["C10"],
        text,
      );
      const sound = new Map(order?.steps.map(({ question, isSound }) => [question, isSound]));
      assert.equal(sound.get("Is every link of the chain up?"), false);
      assert.equal(sound.get("Is the uplink in the bridge, and without an address?"), true);
      assert.equal(sound.get("Has the bridge learnt both MACs?"), undefined);
    }
  });

  it("has another order for what is slow, whose first question is the PCIe link", () => {
    const { order, causes } = explainSymptom("throughput is only 28 Gbit/s");
    assert.match(order?.steps[0]?.question ?? "", /PCIe link/);
    assert.equal(causes[0]?.id, "G01");
  });

  it("explains our own reasons", () => {
    const { causes } = explainSymptom("job failed: [VF_CREATION_FAILED]", [result("A07", "fail")]);
    assert.equal(causes[0]?.id, "VF_CREATION_FAILED");
    assert.equal(causes[0]?.likelihood, "confirmed");
  });

  it("does not guess at what it does not know", () => {
    const answer = explainSymptom("the coffee machine is empty", [result("C10", "fail")]);
    assert.deepEqual(answer, { isKnown: false, causes: [], order: undefined });
  });
});
