import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CheckStatus,
  createClient,
  JobState,
  Likelihood,
  PlanGoal,
  SafeFix,
  waitForJob,
} from "@switchyard/client";
import { vdpaDatapath } from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import type { SimHost } from "@switchyard/hostsim";
import { type CheckResult, Profile } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { networkOf, vmOf } from "./records.ts";

/** Agents look at their hosts when they are asked; nothing else should move meanwhile. */
const INTERVALS = { heartbeatMs: 2_000, inventoryMs: 2_000, telemetryMs: 600_000 };
const JOB_TIMEOUT_MS = 60_000;

const OLD = "r740-04";
const BARE = "r740-05";
const SILENT = "r740-06";

describe("the doctor on simulated hosts", () => {
  let stack: Stack;

  before(async () => {
    stack = await startStack({
      hosts: 6,
      seed: 7,
      overrides: { [OLD]: { firmware: "22.27.6106" }, [BARE]: { hasIommu: false } },
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
            bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
          }),
        },
      }),
    });
    for (const host of ["r740-01", "r740-02", "r740-03"]) await apply(host);
    const network = networkOf();
    await stack.client.networks.createNetwork({ networkId: "lan", network });
    const vm = { ...vmOf({ hostSelector: SIM_LABELS }) };
    const created = await stack.client.vms.createVm({ vmId: "web-1", vm });
    await finished(created.job);
  });
  after(() => stack.stop());

  async function finished(job: string): Promise<void> {
    const ended = await waitForJob(stack.client, job, { timeoutMs: JOB_TIMEOUT_MS });
    assert.equal(ended.state, JobState.SUCCEEDED, JSON.stringify(ended.failure));
  }

  /** An agent that has just enrolled reports a moment later. */
  async function reported(host: string): Promise<void> {
    await waitFor(
      async () => {
        const { inventory } = await stack.client.hosts.getHost({ name: `hosts/${host}` });
        return inventory !== undefined;
      },
      { deadlineMs: JOB_TIMEOUT_MS },
    );
  }

  async function apply(host: string): Promise<void> {
    const { plans } = stack.client;
    await reported(host);
    const plan = await plans.createPlan({ host: `hosts/${host}`, goal: PlanGoal.APPLY_PROFILE });
    const job = await plans.applyPlan({ name: plan.name, etag: plan.etag });
    await finished(job.name);
  }

  async function diagnose(host: string): Promise<ReadonlyMap<string, CheckResult>> {
    const { results } = await stack.client.diagnosis.diagnoseHost({ name: `hosts/${host}` });
    return new Map(results.map((result) => [result.id, result]));
  }

  const run = async (host: SimHost, line: string): Promise<void> => {
    const result = await host.run({ argv: line.split(" ") as [string, ...string[]] });
    assert.equal(result.exitCode, 0, `${line}: ${result.stderr}`);
  };

  const vmHost = async (): Promise<string> => {
    const { allocation } = await stack.client.vms.getVm({ name: "vms/web-1" });
    return (allocation?.host ?? "").replace("hosts/", "");
  };

  const telling = (results: ReadonlyMap<string, CheckResult>): readonly string[] =>
    [...results.values()]
      .filter(({ status }) => status === CheckStatus.FAIL || status === CheckStatus.WARN)
      .map(({ id, evidence }) => `${id}: ${evidence.join("; ")}`);

  it("finds nothing wrong with hosts that were just brought to their profile", async () => {
    for (const host of ["r740-01", "r740-02", "r740-03"]) {
      const results = await diagnose(host);
      // Nothing was sent yet, so that no MAC was learnt: the one thing that is not as it will be.
      const found = telling(results).filter((text) => !text.startsWith("OVS-FDB"));
      assert.deepEqual(found, [], host);
      assert.equal(results.get("AGENT-ANSWER")?.status, CheckStatus.PASS);
      assert.equal(results.get("E05")?.status, CheckStatus.PASS);
    }
    const onVmHost = await diagnose(await vmHost());
    for (const id of ["D13", "F02", "F04", "F05", "D11", "VM-STATE"]) {
      assert.equal(onVmHost.get(id)?.status, CheckStatus.PASS, id);
    }
  });

  it("finds a representor down, and the VM's trouble leads to it", async () => {
    const name = await vmHost();
    const host = stack.simHost(name);
    await run(host, "ip link set eth0 down");
    const results = await diagnose(name);
    assert.equal(results.get("C10")?.status, CheckStatus.FAIL);
    assert.match(results.get("C10")?.evidence[0] ?? "", /^eth0, representor of VF 0/);
    const explained = await stack.client.diagnosis.explainSymptom({
      text: "VM can't ping",
      host: `hosts/${name}`,
    });
    const [first] = explained.causes;
    assert.equal(first?.likelihood, Likelihood.CONFIRMED);
    assert.ok(explained.causes.some(({ id }) => id === "C10"));
    await run(host, "ip link set eth0 up");
  });

  it("finds what the seed warns of: a VF's admin MAC, and an address on the PF", async () => {
    const host = stack.simHost("r740-03");
    await run(host, "ip link set enp130s0f0np0 vf 0 mac 00:11:22:33:44:00");
    await run(host, "ip addr add 192.168.101.77/24 dev enp130s0f0np0");
    const results = await diagnose("r740-03");
    assert.match(results.get("D14")?.evidence[0] ?? "", /00:11:22:33:44:00/);
    assert.match(results.get("E14")?.evidence[0] ?? "", /192\.168\.101\.77\/24 on enp130s0f0np0/);
    assert.match(results.get("E14")?.fix ?? "", /^ip addr del 192\.168\.101\.77\/24/);
    await run(host, "ip link set enp130s0f0np0 vf 0 mac 00:00:00:00:00:00");
    await run(host, "ip addr del 192.168.101.77/24 dev enp130s0f0np0");
  });

  it("finds one MAC on two hosts, on either of them", async () => {
    // The other one's devices are free: no VM is on it.
    const names = (await vmHost()) === "r740-02" ? ["r740-02", "r740-01"] : ["r740-01", "r740-02"];
    const [first, second] = [stack.simHost(names[0] ?? ""), stack.simHost(names[1] ?? "")];
    const mac = [...first.machine.boot.vdpaDevices.values()][1]?.mac;
    const device = [...second.machine.boot.vdpaDevices.values()][1];
    await run(second, `vdpa dev del ${device?.name}`);
    await run(
      second,
      `vdpa dev add name ${device?.name} mgmtdev pci/${device?.vf} mac ${mac} max_vqp 16`,
    );
    const onSecond = await diagnose(second.name);
    assert.equal(onSecond.get("VDPA-SLOTS")?.status, CheckStatus.FAIL);
    const onFirst = await diagnoseOnceFleetIsRead(first.name);
    assert.equal(onFirst.get("D12")?.status, CheckStatus.FAIL);
    assert.match(
      onFirst.get("D12")?.evidence[0] ?? "",
      new RegExp(`${first.name} VF \\d of \\S+ and ${second.name} VF \\d of \\S+$`),
    );
  });

  /** Another controller has not read the fleet yet, and so sees what is there now. */
  async function diagnoseOnceFleetIsRead(host: string): Promise<ReadonlyMap<string, CheckResult>> {
    const controller = await stack.startController();
    const client = createClient({ address: controller.address, security: { kind: "insecure" } });
    try {
      const { results } = await client.diagnosis.diagnoseHost({ name: `hosts/${host}` });
      return new Map(results.map((result) => [result.id, result]));
    } finally {
      client.close();
    }
  }

  it("finds offload that is not in effect, and a port of another card", async () => {
    const host = stack.simHost("r740-03");
    await run(host, "ethtool -K enp130s0f0np0 hw-tc-offload off");
    await run(host, "ovs-vsctl --may-exist add-port cxbr0 eno2");
    const results = await diagnose("r740-03");
    assert.equal(results.get("E05")?.status, CheckStatus.FAIL);
    assert.match(results.get("E04")?.evidence[0] ?? "", /eno2 on cxbr0/);
    await run(host, "ovs-vsctl del-port cxbr0 eno2");
  });

  it("finds VFs that somebody took away, and says that the profile's plan mends it", async () => {
    const host = stack.simHost("r740-03");
    await host.writeFile("/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs", "0");
    const results = await diagnose("r740-03");
    assert.equal(results.get("VF-COUNT")?.status, CheckStatus.FAIL);
    assert.equal(results.get("VF-COUNT")?.safeFix, SafeFix.APPLY_PROFILE);
    assert.match(results.get("E09")?.evidence[0] ?? "", /^eth0 on cxbr0: /);
    await apply("r740-03");
    const mended = await diagnose("r740-03");
    for (const id of ["VF-COUNT", "E09", "VDPA-SLOTS"]) {
      assert.equal(mended.get(id)?.status, CheckStatus.PASS, id);
    }
  });

  it("finds old firmware and a missing IOMMU before anything was applied", async () => {
    const old = await diagnose(OLD);
    assert.equal(old.get("C01")?.status, CheckStatus.FAIL);
    assert.match(old.get("C01")?.evidence[0] ?? "", /22\.27\.61\.06/);
    assert.equal(old.get("C08")?.status, CheckStatus.WARN);
    const bare = await diagnose(BARE);
    assert.equal(bare.get("A02")?.status, CheckStatus.FAIL);
  });

  it("says of a host whose agent is gone what it can, and that it does not answer", async () => {
    await stack.agents.find(({ name }) => name === SILENT)?.stop();
    const results = await diagnose(SILENT);
    assert.equal(results.get("AGENT-ANSWER")?.status, CheckStatus.FAIL);
    assert.equal(results.get("C01")?.status, CheckStatus.PASS);
    assert.equal(results.get("A10")?.status, CheckStatus.SKIP);
  });

  it("finds the control plane well, all of it", async () => {
    const { results } = await stack.client.diagnosis.diagnoseController({
      only: ["CTL-DATABASE", "CTL-BUS", "CTL-JOBS"],
    });
    assert.deepEqual(
      results.map(({ status }) => status),
      [CheckStatus.PASS, CheckStatus.PASS, CheckStatus.PASS],
    );
  });
});
