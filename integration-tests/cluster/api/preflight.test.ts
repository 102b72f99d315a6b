import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CheckStatus, type DiagnosisReport, PlanGoal } from "@switchyard/client";
import { vdpaDatapath } from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import type { MachineOverrides } from "@switchyard/hostsim";
import { PREFLIGHT_CHECKS } from "@switchyard/model";
import { PlanState, Profile } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const INTERVALS = { heartbeatMs: 2_000, inventoryMs: 2_000, telemetryMs: 600_000 };
const REPORT_DEADLINE_MS = 60_000;

interface BadHost {
  readonly overrides: MachineOverrides;
  /** Checks that find something, with what each starts with. */
  readonly finds: Readonly<Record<string, RegExp>>;
}

/** Each host is in a bad state of its own; the first one is as it should be. */
const HOSTS: Readonly<Record<string, BadHost>> = {
  "r740-01": { overrides: {}, finds: {} },
  "r740-02": {
    overrides: { biosAttributes: { ProcVirtualization: "Disabled" } },
    finds: { A01: /neither vmx nor svm/, A02: /no DMAR or IVRS/ },
  },
  "r740-03": {
    overrides: { kernelArguments: "pci=realloc" },
    finds: { A02: /firmware offers an IOMMU/, A03: /intel_iommu=on is missing/ },
  },
  "r740-04": {
    overrides: { fullDisks: ["/var"], isTimeSynchronized: false },
    finds: { "HOST-DISK": /^\/var: 0\.0 of/, "HOST-TIME": /not synchronized/ },
  },
  "r740-05": {
    overrides: { lanes: 8, emptyNodes: [1] },
    finds: { G01: /: x8 at 8 GT\/s/, G02: /on node 1, without memory/ },
  },
  "r740-06": {
    overrides: { hasSecureBoot: true, virtualization: "kvm" },
    finds: {
      "HOST-SECURE-BOOT": /^Secure Boot is on, and MLNX_OFED/,
      "HOST-NESTED": /it is a VM \(kvm\)/,
    },
  },
  "r740-07": {
    overrides: { biosAttributes: { SriovGlobalEnable: "Disabled" } },
    finds: { A04: /^sriov_totalvfs 0/, A06: /^2 VFs asked, 0 offered/ },
  },
};

describe("preflight of simulated hosts", () => {
  let stack: Stack;

  before(async () => {
    stack = await startStack({
      hosts: Object.keys(HOSTS).length,
      seed: 11,
      overrides: Object.fromEntries(
        Object.entries(HOSTS).map(([name, { overrides }]) => [name, overrides]),
      ),
      intervals: INTERVALS,
      log: silentLogger,
    });
    await stack.client.profiles.createProfile({
      profileId: "cx6dx",
      profile: Profile.fromPartial({
        spec: {
          selector: SIM_LABELS,
          datapath: vdpaDatapath({
            vfCount: 2,
            maxVqp: 16,
            bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.19" },
          }),
        },
      }),
    });
    await Promise.all(Object.keys(HOSTS).map(reported));
  });
  after(() => stack.stop());

  const reported = (host: string) =>
    waitFor(
      async () => {
        const { inventory } = await stack.client.hosts.getHost({ name: `hosts/${host}` });
        return inventory !== undefined;
      },
      { deadlineMs: REPORT_DEADLINE_MS },
    );

  const preflight = (host: string, only: readonly string[] = []): Promise<DiagnosisReport> =>
    stack.client.diagnosis.diagnoseHost({
      name: `hosts/${host}`,
      preflight: true,
      only: [...only],
    });

  const found = ({ results }: DiagnosisReport) =>
    results.filter(({ status }) => status === CheckStatus.FAIL || status === CheckStatus.WARN);

  for (const [host, { finds }] of Object.entries(HOSTS)) {
    const what = Object.keys(finds).join(" and ") || "nothing";
    it(`finds ${what} on ${host}, knows every fact, and says what to try`, async () => {
      const report = await preflight(host);
      assert.deepEqual(
        report.results.map(({ id }) => id).sort(),
        [...PREFLIGHT_CHECKS].sort(),
        "all of preflight and nothing else",
      );
      const skipped = report.results.filter(({ status }) => status === CheckStatus.SKIP);
      assert.deepEqual(
        skipped.map(({ id, evidence }) => `${id}: ${evidence.join()}`),
        [],
      );
      const bad = found(report);
      assert.deepEqual(bad.map(({ id }) => id).sort(), Object.keys(finds).sort());
      for (const { id, evidence, fix } of bad) {
        assert.match(evidence.join("; "), finds[id] ?? /^$/);
        assert.notEqual(fix, "");
      }
    });
  }

  it("leaves out ids that are none of preflight's, and tells which are", async () => {
    const { results } = await preflight("r740-01", ["A02", "C10"]);
    assert.deepEqual(
      results.map(({ id }) => id),
      ["A02"],
    );
    const { checks } = await stack.client.diagnosis.listChecks({});
    assert.deepEqual(
      checks
        .filter(({ isPreflight }) => isPreflight)
        .map(({ id }) => id)
        .sort(),
      [...PREFLIGHT_CHECKS].sort(),
    );
  });

  it("is what plans go by: a full disk blocks, a slow link is only said", async () => {
    const planOf = (host: string) =>
      stack.client.plans.createPlan({ host: `hosts/${host}`, goal: PlanGoal.APPLY_PROFILE });
    const full = await planOf("r740-04");
    assert.equal(full.state, PlanState.BLOCKED);
    const disk = full.findings.find(({ reason }) => reason === "DISK_FULL");
    const [seen] = (await preflight("r740-04", ["HOST-DISK"])).results;
    assert.equal(disk?.found, seen?.evidence.join("; "));
    const slow = await planOf("r740-05");
    assert.equal(slow.state, PlanState.READY);
    assert.deepEqual(slow.findings.map(({ reason }) => reason).sort(), [
      "NUMA_NODE_UNSUITABLE",
      "PCIE_LINK_DEGRADED",
    ]);
  });
});
