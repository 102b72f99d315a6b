import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PlanGoal } from "@switchyard/client";
import { createMainJob, createReport } from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { createSimWeb } from "@switchyard/hostsim";
import { HostKind, type HostOffload } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { networkOf, profileOf } from "./api/records.ts";
import { addressOf, importTestImage, TEST_IMAGE, testVm } from "./support/vms.ts";

const GOOD = "r740-01";
/** Its card takes no rule: offload is set there and never real. */
const BAD = "r740-02";
/** No profile chooses it. */
const BARE = "r740-03";
const INTERVALS = { heartbeatMs: 2_000, inventoryMs: 1_000, telemetryMs: 1_000 };
const DEADLINE_MS = 120_000;
const TIMEOUTS = { hostReadyMs: DEADLINE_MS, jobMs: DEADLINE_MS, vmStartMs: DEADLINE_MS };

describe("hardware offload of hosts", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: TIMEOUTS,
    });
  const offloadOf = (host: string): Promise<HostOffload> =>
    stack.client.diagnosis.getHostOffload({ host: `hosts/${host}` });
  const listed = async (): Promise<ReadonlyMap<string, HostOffload>> => {
    const { hostOffloads } = await stack.client.diagnosis.listHostOffloads({});
    return new Map(hostOffloads.map((each) => [each.host.replace("hosts/", ""), each]));
  };

  async function label(host: string, pool: string): Promise<void> {
    const found = await job().readyHost(`hosts/${host}`);
    await stack.client.hosts.updateHost({
      host: { ...found, labels: { ...found.labels, pool, name: host } },
      updateMask: ["labels"],
    });
  }

  /** Two VMs on the host that ping each other once. */
  async function letVmsPing(host: string): Promise<void> {
    for (const at of ["a", "b"]) await job().createVm(`${host}-${at}`, testVm({ name: host }));
    await ping(host);
  }

  async function ping(host: string): Promise<void> {
    const other = await stack.client.vms.getVm({ name: `vms/${host}-b` });
    const { received } = await job().ping(`vms/${host}-a`, addressOf(other));
    assert.ok(received > 0, host);
  }

  before(async () => {
    stack = await startStack({
      ...{ hosts: 3, seed: 11, intervals: INTERVALS, log: silentLogger },
      overrides: { [BAD]: { carriesFlows: false } },
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
    });
    await importTestImage(stack.client);
    await label(BARE, "none");
    await stack.client.profiles.createProfile({
      profileId: "cx6dx",
      profile: profileOf({ selector: { ...SIM_LABELS, pool: "vdpa" } }),
    });
    await job().createNetwork("lan", networkOf());
    for (const host of [GOOD, BAD]) {
      await label(host, "vdpa");
      await job().apply(await job().plan(`hosts/${host}`, PlanGoal.APPLY_PROFILE));
      await letVmsPing(host);
    }
  });
  after(() => stack.stop());

  it("is proven on one whose card carries a flow, by that flow", async () => {
    await ping(GOOD);
    const offload = await offloadOf(GOOD);
    assert.deepEqual([offload.wanted, offload.enabled], [true, true]);
    assert.equal(offload.hostKind, HostKind.SIMULATED);
    assert.match(offload.proof?.inPort ?? "", /^eth\d$/);
    assert.ok((offload.look?.hardwareFlowCount ?? 0) > 0);
    assert.equal(offload.look?.softwareFlowCount, 0);
    assert.equal(offload.silence, "");
  });

  it("is set and not proven on one whose card takes no rule, with a reason for each flow", async () => {
    await ping(BAD);
    const offload = await offloadOf(BAD);
    assert.deepEqual([offload.wanted, offload.enabled], [true, true]);
    assert.equal(offload.proof, undefined);
    assert.equal(offload.look?.hardwareFlowCount, 0);
    assert.ok((offload.look?.softwareFlowCount ?? 0) > 0);
    const [flow] = offload.look?.softwareFlows ?? [];
    assert.equal(flow?.cause, "card-refused");
    assert.notEqual(flow?.fix, "");
    assert.ok((flow?.packetCount ?? 0n) > 0n);
  });

  it("is told of all by what is known, with the share that telemetry saw", async () => {
    const hosts = await waitFor(
      async () => {
        for (const host of [GOOD, BAD]) await ping(host);
        const all = await listed();
        const isTold = [GOOD, BAD].every((host) => all.get(host)?.hardwareShare !== undefined);
        return isTold && all.get(GOOD)?.proof !== undefined ? all : undefined;
      },
      { deadlineMs: DEADLINE_MS },
    );
    assert.equal(hosts.get(BAD)?.hardwareShare, 0);
    assert.ok((hosts.get(GOOD)?.hardwareShare ?? 0) > 0.5);
    assert.equal(hosts.get(BAD)?.proof, undefined);
    assert.equal(hosts.get(BARE)?.wanted, undefined);
    assert.equal(hosts.get(BARE)?.proof, undefined);
    assert.ok([...hosts.values()].every(({ look }) => look === undefined));
  });

  it("names a field that can't be, and a host that is not there", async () => {
    const { diagnosis } = stack.client;
    await assert.rejects(diagnosis.getHostOffload({ host: "r740-01" }), {
      reason: "FIELD_INVALID",
    });
    await assert.rejects(diagnosis.getHostOffload({ host: "hosts/nobody" }), {
      reason: "HOST_NOT_FOUND",
    });
  });
});
