import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { readPciDriver, readPciDriverOverride } from "@switchyard/host";
import type { FaultRule } from "@switchyard/hostsim";
import { findPf, type HostDesired, type Pf, parsePciAddress } from "@switchyard/model";
import { planHost } from "@switchyard/planner";
import { systemClock } from "@switchyard/runtime";
import { readInventory } from "../inventory/read-inventory.ts";
import {
  createTestbed,
  DATAPATH,
  endAllLives,
  SRIOV,
  type Testbed,
  TORN_DOWN,
  vmInSlot,
} from "../testing/testbed.ts";
import type { CrashPlace } from "./crash-point.ts";

afterEach(endAllLives);

const PF = parsePciAddress("0000:82:00.0");
const later = (desired: HostDesired, generation: number): HostDesired => ({
  ...desired,
  generation,
});

const inventoryOf = ({ host }: Testbed) =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

async function pfOf(bed: Testbed): Promise<Pf> {
  const pf = findPf(await inventoryOf(bed), PF)?.pf;
  assert.ok(pf);
  return pf;
}

async function bring(bed: Testbed, desired: HostDesired): Promise<void> {
  const { state, failure } = await bed.runJob(await bed.applyHost(desired));
  assert.equal(state, "succeeded", failure?.message);
  assert.deepEqual(await bed.rest(desired), []);
}

/** All that both modes make on the host, without what time and names change. */
async function stateOf(bed: Testbed) {
  const inventory = await inventoryOf(bed);
  const pf = findPf(inventory, PF)?.pf;
  const overrides = await Promise.all(
    (pf?.vfs ?? []).map(async ({ pciAddress }) => [
      await readPciDriver(bed.host, pciAddress),
      await readPciDriverOverride(bed.host, pciAddress),
    ]),
  );
  return {
    mode: pf?.eswitchMode,
    isClaimed: pf?.isClaimed,
    overrides,
    macs: pf?.vfs.map(({ adminMac }) => adminMac),
    vdpa: pf?.vfs.map(({ vdpa }) => vdpa?.mac),
    hwOffload: inventory.ovs?.hwOffload,
    bridges: inventory.ovs?.bridges.map(({ name, ports }) => [name, ports.length]),
  };
}

describe("a host's datapath mode", () => {
  it("goes from vdpa to sriov, back, and away, each time with nothing left to do", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const bare = await stateOf(bed);
    await bring(bed, DATAPATH);
    const vdpa = await stateOf(bed);

    await bring(bed, SRIOV);
    const pf = await pfOf(bed);
    assert.deepEqual([pf.eswitchMode, pf.isClaimed, pf.vfCount], ["legacy", true, 2]);
    assert.deepEqual(
      pf.vfs.map(({ driver, adminMac, netdev }) => [driver, adminMac, netdev]),
      [
        ["mlx5_vfio_pci", "52:54:00:cb:00:01", undefined],
        ["mlx5_vfio_pci", "52:54:00:cb:00:02", undefined],
      ],
    );
    assert.deepEqual((await inventoryOf(bed)).ovs?.bridges, []);

    await bring(bed, later(DATAPATH, 3));
    assert.deepEqual(await stateOf(bed), vdpa);
    await bring(bed, later(SRIOV, 4));
    await bring(bed, later(TORN_DOWN, 5));
    assert.deepEqual(
      { ...(await stateOf(bed)), bridges: [] },
      { ...bare, bridges: [], hwOffload: false },
    );
    await agent.stop();
  });

  it("is switched under a bridge whose representors somebody took away in legacy mode", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bring(bed, DATAPATH);
    await agent.stop();
    for (const device of ["vdpa0", "vdpa1"]) {
      await bed.host.run({ argv: ["vdpa", "dev", "del", device] });
    }
    for (const port of ["enp130s0f0np0", "eth0", "eth1"]) {
      await bed.host.run({ argv: ["tc", "qdisc", "del", "dev", port, "ingress"] });
    }
    const ports = async () => (await inventoryOf(bed)).ovs?.bridges[0]?.ports ?? [];
    await bed.host.writeFile(`/sys/bus/pci/devices/${PF}/sriov_numvfs`, "0");
    assert.ok((await ports()).some(({ ofport }) => ofport === -1));
    const second = await bed.start();
    await bring(bed, SRIOV);
    assert.deepEqual((await inventoryOf(bed)).ovs?.bridges, []);
    await second.agent.stop();
  });

  it("stays while a VM runs on a vDPA device, and the VM is named", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bring(bed, DATAPATH);
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    const before = await stateOf(bed);
    const plan = planHost(SRIOV, await inventoryOf(bed));
    assert.deepEqual(plan.affectedVms, ["vm-0"]);
    const { state, failure } = await bed.runJob(await bed.applyHost(SRIOV));
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "VMS_WOULD_BREAK");
    assert.deepEqual(await stateOf(bed), before);
    await agent.stop();
  });
});

describe("a host whose uplink is a bond", () => {
  const [first, second] = (DATAPATH.datapath?.slots ?? []).map(({ mac }) => mac);
  assert.ok(first && second);
  assert.ok(DATAPATH.datapath?.mode === "vdpa");
  const bonded: HostDesired = {
    ...DATAPATH,
    generation: 2,
    datapath: {
      ...DATAPATH.datapath,
      vfCount: 1,
      bond: { name: "bond0", mode: "active-backup", ports: [{ kind: "port", port: 1 }] },
      slots: [
        { pf: PF, vfIndex: 0, mac: first },
        { pf: parsePciAddress("0000:82:00.1"), vfIndex: 0, mac: second },
      ],
    },
  };

  it("gets there from one port, and back, and away", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bring(bed, DATAPATH);
    const single = await stateOf(bed);
    await bring(bed, bonded);
    const { bonds, ovs } = await inventoryOf(bed);
    assert.deepEqual(
      bonds?.map(({ name, mode, isOurs, isUp, ports }) => [name, mode, isOurs, isUp, ports]),
      [["bond0", "active-backup", true, true, ["enp130s0f0np0", "enp130s0f1np1"]]],
    );
    assert.equal(ovs?.bridges[0]?.ports.length, 3);
    await bring(bed, later(DATAPATH, 3));
    assert.deepEqual(await stateOf(bed), single);
    await bring(bed, later(bonded, 4));
    await bring(bed, later(SRIOV, 5));
    assert.deepEqual((await inventoryOf(bed)).bonds, []);
    await bring(bed, later(bonded, 6));
    await bring(bed, later(TORN_DOWN, 7));
    assert.deepEqual((await inventoryOf(bed)).bonds, []);
    await agent.stop();
  });

  it("is left with one port as it was when making the bond fails", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bring(bed, DATAPATH);
    const before = await stateOf(bed);
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["add", "vdpa1v0"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Invalid argument\n" },
    });
    const { state } = await bed.runJob(await bed.applyHost(bonded));
    assert.equal(state, "failed");
    assert.deepEqual(await stateOf(bed), before);
    assert.deepEqual((await inventoryOf(bed)).bonds, []);
    await agent.stop();
  });
});

const REFUSED = {
  kind: "fail",
  exitCode: 2,
  stderr: "RTNETLINK answers: Invalid argument\n",
} as const;

/** Makes one step fail, so that all before it is to be taken back. */
const FAILURES: Readonly<Record<string, FaultRule>> = {
  ensureVfAdminMac: {
    match: { kind: "run", program: "ip", words: ["vf", "1", "mac"] },
    action: REFUSED,
  },
  ensureVfDriver: {
    match: { kind: "file", operation: "write", pathEnd: "/0000:82:00.3/driver_override" },
    action: { kind: "refuse", errno: "EINVAL" },
  },
  ensureNoBridge: {
    match: { kind: "run", program: "ovs-vsctl", words: ["del-br"] },
    action: REFUSED,
    // Its outcome counts as unknown, so that it is tried once more.
    times: 2,
  },
};

describe("a switch of mode that fails", () => {
  for (const [step, rule] of Object.entries(FAILURES)) {
    it(`at ${step} leaves the host in vDPA mode as it was`, async () => {
      const bed = createTestbed();
      const { agent } = await bed.start();
      await bring(bed, DATAPATH);
      const before = await stateOf(bed);
      bed.host.faults.add(rule);
      const { state, failure } = await bed.runJob(await bed.applyHost(SRIOV));
      assert.equal(state, "failed", failure?.message);
      assert.match(failure?.step ?? "", new RegExp(step));
      assert.deepEqual(await stateOf(bed), before);
      await agent.stop();
    });
  }

  it("on the way back gives VFs their MACs and vfio driver again", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bring(bed, { ...SRIOV, generation: 1 });
    const before = await stateOf(bed);
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["add", "vdpa1"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Invalid argument\n" },
    });
    const { state } = await bed.runJob(await bed.applyHost(later(DATAPATH, 2)));
    assert.equal(state, "failed");
    assert.deepEqual(await stateOf(bed), before);
    await agent.stop();
  });
});

describe("a switch of mode that is interrupted", () => {
  for (const step of ["ensureVfCount", "ensureVfAdminMac", "ensureVfDriver"] as const) {
    it(`right after ${step} is finished by the next agent`, async () => {
      const bed = createTestbed();
      const first = await bed.start();
      await bring(bed, DATAPATH);
      await first.agent.stop();
      const dead = Promise.withResolvers<void>();
      const reach = async (place: CrashPlace) => {
        if (place.step !== step || place.phase !== "after-effect") return;
        dead.resolve();
        await new Promise(() => undefined);
      };
      const { life } = await bed.start({ crash: { reach } });
      const job = bed.newJob(await bed.applyHost(SRIOV));
      bed.bus.dispatch(job);
      await dead.promise;
      life.kill();
      const { agent } = await bed.start();
      await bed.bus.redeliver();
      assert.equal((await bed.ended(job.id)).state, "succeeded");
      assert.deepEqual(await bed.rest(SRIOV), []);
      await agent.stop();
    });
  }
});
