import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type BmcFacts,
  type BmcNicFunction,
  type HostDesired,
  type HostPlan,
  type Inventory,
  parseBmcAddress,
  parsePciAddress,
} from "@switchyard/model";
import { buildBareR740, buildHostDesired } from "@switchyard/testkit/builders";
import { diffHost } from "../diff/diff-host.ts";
import { planHost } from "../plan-host.ts";

const WANTED: HostDesired = {
  ...buildHostDesired(),
  bios: { attributes: {}, nicVirtualization: "sriov" },
};
const OFF = { mode: "NONE" };
const ON = { mode: "SRIOV" };
const ASKED = { mode: "NONE", pendingMode: "SRIOV" };
const JOB = { id: "JID_7", name: "ConfigNIC:NIC.Slot.3-1-1", state: "Scheduled", message: "" };

/** Both ports are in the card's setup as the BMC says, and offer VFs only where that lets them. */
function hostWith(modes: Partial<BmcNicFunction>, facts: Partial<BmcFacts> = {}): Inventory {
  const host = buildBareR740();
  const isOn = modes.mode === "SRIOV";
  const nics = host.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({ ...pf, totalVfs: isOn ? pf.totalVfs : 0 })),
  }));
  const pfs = nics.flatMap((nic) => nic.pfs);
  return {
    ...host,
    nics,
    bmc: {
      address: parseBmcAddress("https://10.21.0.11"),
      trust: { kind: "public-key", pin: `sha256//${"A".repeat(43)}=` },
      facts: {
        ...{ model: "PowerEdge R740", biosVersion: "2.21.2", powerState: "on" },
        systemPath: "/redfish/v1/Systems/System.Embedded.1",
        biosAttributes: { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled" },
        ...{ pendingAttributes: {}, jobs: [] },
        nicFunctions: [
          ...pfs.map(({ pciAddress, link }, at) => ({
            id: `NIC.Slot.3-${at + 1}-1`,
            attributesPath: `/redfish/v1/functions/${at + 1}`,
            ...{ pciAddress, mac: link.mac, mode: "NONE", pendingMode: undefined },
            ...modes,
          })),
          {
            ...{ id: "NIC.Integrated.1-1-1", attributesPath: "/redfish/v1/functions/0" },
            ...{ pciAddress: parsePciAddress("0000:01:00.0"), mac: "06:00:00:00:00:01" },
            ...{ mode: "NONE", pendingMode: undefined },
          },
        ],
        ...facts,
      },
    },
  };
}

const kindsOf = ({ steps }: HostPlan) => steps.map(({ kind }) => kind);
const findingsOf = ({ findings }: HostPlan) =>
  findings.map(({ reason, severity }) => `${severity} ${reason}`);

describe("planHost with SR-IOV of NICs", () => {
  it("asks the BMC for the ports it drives, boots once and makes VFs", () => {
    const plan = planHost(WANTED, hostWith(OFF));
    assert.deepEqual(findingsOf(plan), []);
    assert.deepEqual(kindsOf(plan).slice(0, 2), ["ensureNicVirtualization", "ensureRebooted"]);
    assert.ok(kindsOf(plan).includes("ensureVfCount"));
    const [step] = plan.steps;
    assert.ok(step?.kind === "ensureNicVirtualization");
    const ids = step.arguments.functions.map(({ id, mode }) => `${id} ${mode}`);
    assert.ok(ids.includes("NIC.Slot.3-1-1 SRIOV"));
    assert.ok(!ids.some((id) => id.startsWith("NIC.Integrated")));
    assert.match(plan.steps[1]?.title ?? "", /NIC\.Slot\.3-1-1 VirtualizationMode=SRIOV/);
  });

  it("sets BIOS and NICs with one boot", () => {
    const biosAttributes = { ProcVirtualization: "Enabled", SriovGlobalEnable: "Disabled" };
    const bios = { ...WANTED.bios, attributes: { SriovGlobalEnable: "Enabled" } } as const;
    const desired: HostDesired = { ...WANTED, bios: { ...bios, nicVirtualization: "sriov" } };
    const plan = planHost(desired, hostWith(OFF, { biosAttributes }));
    assert.deepEqual(findingsOf(plan), []);
    assert.deepEqual(kindsOf(plan).slice(0, 3), [
      "ensureBiosSettings",
      "ensureNicVirtualization",
      "ensureRebooted",
    ]);
    assert.equal(kindsOf(plan).filter((kind) => kind === "ensureRebooted").length, 1);
  });

  it("has nothing to do where all is as wanted", () => {
    const plan = planHost(WANTED, hostWith(ON));
    assert.deepEqual(findingsOf(plan), []);
    assert.equal(kindsOf(plan).includes("ensureRebooted"), false);
  });

  it("only boots where jobs hold the modes already", () => {
    const jobs = [1, 2].map((port) => ({ ...JOB, name: `ConfigNIC:NIC.Slot.3-${port}-1` }));
    const plan = planHost(WANTED, hostWith(ASKED, { jobs }));
    assert.deepEqual(findingsOf(plan), []);
    assert.equal(kindsOf(plan)[0], "ensureRebooted");
  });

  it("takes back what somebody asked against the profile", () => {
    const plan = planHost(WANTED, hostWith({ mode: "SRIOV", pendingMode: "NONE" }));
    assert.equal(kindsOf(plan)[0], "ensureNicVirtualization");
  });

  it("does not plan over another job, and names it", () => {
    const plan = planHost(WANTED, hostWith(OFF, { jobs: [JOB] }));
    assert.deepEqual(findingsOf(plan), ["error BMC_JOB_PENDING"]);
    assert.match(plan.findings[0]?.found ?? "", /JID_7/);
  });

  it("says of which port the BMC does not tell", () => {
    const plan = planHost(WANTED, hostWith(OFF, { nicFunctions: [] }));
    assert.ok(findingsOf(plan).includes("error NIC_FUNCTION_UNKNOWN"));
  });

  it("says without a BMC that it can't be told, unless VFs show that it is on", () => {
    const { bmc: _, ...off } = hostWith(OFF);
    assert.ok(findingsOf(planHost(WANTED, off)).includes("warning BIOS_NEEDS_BMC"));
    assert.deepEqual(findingsOf(planHost(WANTED, buildBareR740())), []);
  });

  it("finds that it is off though the profile says nothing of it", () => {
    const plan = planHost(buildHostDesired(), hostWith(OFF));
    const finding = plan.findings.find(({ reason }) => reason === "NIC_SRIOV_OFF");
    assert.match(finding?.found ?? "", /^NIC\.Slot\.3-1-1 VirtualizationMode=NONE/);
    assert.equal(kindsOf(plan).includes("ensureNicVirtualization"), false);
  });

  it("shows as difference what is off, and what will be", () => {
    const fields = (host: Inventory) =>
      diffHost(WANTED, host).filter(({ field }) => field.startsWith("bios"));
    assert.deepEqual(fields(hostWith(OFF))[0], {
      field: "bios[NIC.Slot.3-1-1 VirtualizationMode]",
      observed: "NONE",
      desired: "SRIOV",
    });
    const later = fields(hostWith({ mode: "SRIOV", pendingMode: "NONE" }));
    assert.equal(later[0]?.observed, "NONE at the next boot");
    assert.deepEqual(fields(hostWith(ON)), []);
  });
});
