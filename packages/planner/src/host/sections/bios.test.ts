import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type BiosAttributes,
  type BmcFacts,
  formatCommand,
  type HostPlan,
  type Inventory,
  parseBmcAddress,
} from "@switchyard/model";
import { buildBareLabHost, buildBareR740, buildHostDesired } from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../plan-host.ts";

const ON = { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled" };
const OFF = { ProcVirtualization: "Disabled", SriovGlobalEnable: "Disabled" };
const JOB = { id: "JID_1", name: "ConfigBIOS:BIOS.Setup.1-1", state: "Scheduled", message: "" };

const desire = (attributes: Readonly<Record<string, string>>) => ({
  ...buildHostDesired(),
  bios: { attributes },
});

/** A host whose BMC says this; Linux shows what its settings make it show. */
function hostWith(biosAttributes: BiosAttributes, facts: Partial<BmcFacts> = {}): Inventory {
  return {
    ...asLinuxShows(biosAttributes),
    bmc: {
      address: parseBmcAddress("https://10.21.0.11"),
      trust: { kind: "public-key", pin: `sha256//${"A".repeat(43)}=` },
      facts: {
        model: "PowerEdge R740",
        biosVersion: "2.21.2",
        powerState: "on",
        systemPath: "/redfish/v1/Systems/System.Embedded.1",
        biosAttributes: { ...biosAttributes, AcPwrRcvryUserDelay: 60 },
        pendingAttributes: {},
        jobs: [],
        ...facts,
      },
    },
  };
}

function asLinuxShows(bios: BiosAttributes): Inventory {
  const host = buildBareR740();
  const hasSriov = bios["SriovGlobalEnable"] !== "Disabled";
  const nics = host.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({ ...pf, totalVfs: hasSriov ? pf.totalVfs : 0 })),
  }));
  const hasVirtualization = bios["ProcVirtualization"] !== "Disabled";
  return { ...host, nics, cpu: { ...host.cpu, hasVirtualization } };
}

const kindsOf = ({ steps }: HostPlan) => steps.map(({ kind }) => kind);
const errorsOf = ({ findings }: HostPlan) =>
  findings.filter(({ severity }) => severity === "error").map(({ reason }) => reason);

describe("planHost with BIOS settings", () => {
  it("asks the BMC, boots once and builds the datapath on the host as it will be", () => {
    const plan = planHost(desire(ON), hostWith(OFF));
    assert.deepEqual(errorsOf(plan), []);
    assert.deepEqual(kindsOf(plan).slice(0, 2), ["ensureBiosSettings", "ensureRebooted"]);
    assert.ok(kindsOf(plan).includes("ensureVfCount"));
    const [command] = plan.steps[0]?.commands.map(formatCommand) ?? [];
    assert.match(command ?? "", /^curl --disable --config - .*--pinnedpubkey/);
    assert.match(command ?? "", /--request PATCH .*"ProcVirtualization":"Enabled"/);
    assert.match(plan.steps[1]?.title ?? "", /^Boot the host: BIOS ProcVirtualization=Enabled/);
  });

  it("has nothing to do where all is as wanted", () => {
    const plan = planHost(desire(ON), hostWith(ON));
    assert.equal(kindsOf(plan).includes("ensureRebooted"), false);
    assert.deepEqual(plan.findings, []);
  });

  it("asks only for what differs, integers as integers", () => {
    const plan = planHost(desire({ ...ON, AcPwrRcvryUserDelay: "90" }), hostWith(ON));
    const [step] = plan.steps;
    assert.ok(step?.kind === "ensureBiosSettings");
    assert.deepEqual(step.arguments.attributes, { AcPwrRcvryUserDelay: 90 });
  });

  it("only boots where a job holds the settings already", () => {
    const plan = planHost(desire(ON), hostWith(OFF, { pendingAttributes: ON, jobs: [JOB] }));
    assert.equal(kindsOf(plan)[0], "ensureRebooted");
    assert.deepEqual(errorsOf(plan), []);
  });

  it("asks for the job where settings wait without one", () => {
    const plan = planHost(desire(ON), hostWith(OFF, { pendingAttributes: ON }));
    assert.deepEqual(kindsOf(plan).slice(0, 2), ["ensureBiosSettings", "ensureRebooted"]);
  });

  it("does not plan over another job, and names it", () => {
    const pending = { pendingAttributes: { LogicalProc: "Disabled" }, jobs: [JOB] };
    const plan = planHost(desire(ON), hostWith({ ...OFF, LogicalProc: "Enabled" }, pending));
    assert.deepEqual(errorsOf(plan), ["BMC_JOB_PENDING"]);
    assert.equal(plan.findings[0]?.found, "JID_1: LogicalProc=Disabled");
  });

  it("takes back what somebody asked against the profile, if no job seals it", () => {
    const pending = { pendingAttributes: { SriovGlobalEnable: "Disabled" } };
    const [step] = planHost(desire(ON), hostWith(ON, pending)).steps;
    assert.ok(step?.kind === "ensureBiosSettings");
    assert.deepEqual(step.arguments.attributes, { SriovGlobalEnable: "Enabled" });
  });

  it("says that settings of others come along", () => {
    const pending = { pendingAttributes: { LogicalProc: "Disabled" } };
    const plan = planHost(desire(ON), hostWith({ ...OFF, LogicalProc: "Enabled" }, pending));
    assert.deepEqual(
      plan.findings.map(({ reason, severity }) => [reason, severity]),
      [["BMC_JOB_PENDING", "warning"]],
    );
  });

  it("names a setting that the machine does not have", () => {
    const plan = planHost(desire({ ...ON, NoSuchSetting: "1" }), hostWith(ON));
    assert.deepEqual(errorsOf(plan), ["BIOS_ATTRIBUTE_UNKNOWN"]);
    assert.equal(isBlocked(plan), true);
  });
});

describe("planHost without a BMC", () => {
  it("takes from Linux what shows there, and says what can't be told", () => {
    const plan = planHost(desire({ ...ON, SysProfile: "PerfOptimized" }), buildBareR740());
    assert.deepEqual(
      plan.findings.map(({ reason, severity }) => [reason, severity]),
      [["BIOS_NEEDS_BMC", "warning"]],
    );
    assert.match(plan.findings[0]?.needs ?? "", /SysProfile$/);
  });

  it("says what to set by hand", () => {
    const plan = planHost(desire({ ProcVirtualization: "Enabled" }), asLinuxShows(OFF));
    const finding = plan.findings.find(({ reason }) => reason === "BIOS_NEEDS_BMC");
    assert.equal(finding?.severity, "error");
    assert.equal(finding.needs, "ProcVirtualization=Enabled");
    assert.match(finding.fix, /System Setup/);
  });

  it("tells a datapath that can't be why, though the profile says nothing of BIOS", () => {
    const plan = planHost(buildHostDesired(), asLinuxShows({ ProcVirtualization: "Disabled" }));
    assert.deepEqual(errorsOf(plan), ["BIOS_VIRTUALIZATION_OFF"]);
    const seen = planHost(buildHostDesired(), hostWith(OFF));
    assert.ok(errorsOf(seen).includes("BIOS_VIRTUALIZATION_OFF"));
    assert.ok(errorsOf(seen).includes("BIOS_SRIOV_OFF"));
  });

  it("does not take a lab's emulated CPU for a setting", () => {
    const { findings } = planHost(buildHostDesired(), buildBareLabHost());
    assert.equal(
      findings.some(({ reason }) => reason.startsWith("BIOS")),
      false,
    );
  });
});
