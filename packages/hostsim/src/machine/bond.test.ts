import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  devlinkEswitchSet,
  ipBondAdd,
  ipLinkMaster,
  ipLinkSet,
  ovsAddBridge,
  ovsAddPort,
  ovsCtlStart,
} from "@switchyard/model";
import { createSimFleet, createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { answered, configureGuest } from "../testing/guest.ts";
import {
  addVdpa,
  MACS,
  NUM_VFS,
  PF,
  run,
  startVm,
  tryRun,
  UPLINK,
} from "../testing/seed-procedure.ts";

const PORTS = [UPLINK, "enp130s0f1np1"] as const;
const OTHER_PF = PF.replace(/0$/, "1");

const bonded = async (host: SimHost, mode: "active-backup" | "802.3ad"): Promise<void> => {
  await run(host, ipBondAdd("bond0", mode));
  for (const port of PORTS) {
    await run(host, ipLinkSet(port, "down"));
    await run(host, ipLinkMaster(port, "bond0"));
  }
  await run(host, ipLinkSet("bond0", "up"));
};

describe("a bond", () => {
  it("shows its mode and ports, and brings its ports up", async () => {
    const host = createSimHost();
    await bonded(host, "802.3ad");
    const links = JSON.parse(await run(host, "ip -j -d link show")) as Record<string, unknown>[];
    const bond = links.find(({ ifname }) => ifname === "bond0");
    assert.deepEqual(bond?.["linkinfo"], {
      info_kind: "bond",
      info_data: { mode: "802.3ad", miimon: 100 },
    });
    const port = links.find(({ ifname }) => ifname === PORTS[1]);
    assert.equal(port?.["master"], "bond0");
    assert.ok(((port?.["flags"] ?? []) as string[]).includes("UP"));
  });

  it("refuses a port that is up or taken, and a name that is taken", async () => {
    const host = createSimHost();
    await run(host, ipBondAdd("bond0", "active-backup"));
    await run(host, ipLinkSet(UPLINK, "up"));
    const up = await tryRun(host, `ip link set dev ${UPLINK} master bond0`);
    assert.deepEqual(
      [up.exitCode, up.stderr],
      [2, "Error: Device can not be enslaved while up.\n"],
    );
    const again = await tryRun(host, "ip link add name bond0 type bond mode active-backup");
    assert.equal(again.stderr, "RTNETLINK answers: File exists\n");
    await run(host, ipLinkSet(UPLINK, "down"));
    await run(host, ipLinkMaster(UPLINK, "bond0"));
    await run(host, "ip link add name bond1 type bond mode 802.3ad");
    await run(host, ipLinkSet(UPLINK, "down"));
    const taken = await tryRun(host, `ip link set dev ${UPLINK} master bond1`);
    assert.match(taken.stderr, /Device or resource busy/);
  });

  it("lets its ports go when it is deleted, and they stay down", async () => {
    const host = createSimHost();
    await bonded(host, "active-backup");
    await run(host, "ip link del dev bond0");
    const links = JSON.parse(await run(host, "ip -j -d link show")) as Record<string, unknown>[];
    assert.equal(links.find(({ ifname }) => ifname === UPLINK)?.["master"], undefined);
    assert.equal((await tryRun(host, "ip link del dev bond0")).exitCode, 1);
  });

  it("warns that the card carries no LAG with more than 64 VFs on a port", async () => {
    const host = createSimHost({ overrides: { totalVfs: 100 } });
    await host.writeFile(NUM_VFS, "65");
    await run(host, ipBondAdd("bond0", "active-backup"));
    const { exitCode, stderr } = await tryRun(host, `ip link set dev ${UPLINK} master bond0`);
    assert.equal(exitCode, 0);
    assert.match(stderr, /^Warning: mlx5_core: Can't activate LAG offload, PF is configured with/);
  });
});

/** A host whose bridge leads out by a bond of both ports, with one VM on a VF of each port. */
async function bondedHost(host: SimHost, mode: "active-backup" | "802.3ad"): Promise<void> {
  await run(host, "modprobe vhost_vdpa");
  await run(host, "modprobe mlx5_vdpa");
  await bonded(host, mode);
  for (const pf of [PF, OTHER_PF]) await run(host, devlinkEswitchSet(`pci/${pf}`, "switchdev"));
  await host.writeFile(NUM_VFS, "1");
  await run(host, ovsCtlStart());
  await run(host, ovsAddBridge("cxbr0"));
  for (const port of ["bond0", "eth0"]) await run(host, ovsAddPort("cxbr0", port));
  for (const netdev of ["eth0", "cxbr0"]) await run(host, ipLinkSet(netdev, "up"));
}

describe("the path through a bond", () => {
  for (const mode of ["active-backup", "802.3ad"] as const) {
    it(`survives one cable out, whichever, in mode ${mode}`, async () => {
      const fleet = createSimFleet({ hosts: 2, seed: 5 });
      const [left, right] = fleet.hosts as [SimHost, SimHost];
      for (const [at, host] of [left, right].entries()) {
        host.setCable(1, true);
        await bondedHost(host, mode);
        await addVdpa(host, [MACS[at] ?? ""]);
        await startVm(host, `vm-${at}`, 0, MACS[at]);
        await configureGuest(host, `vm-${at}`, `192.168.101.${20 + at}/24`);
      }
      const ping = () => answered(left, { vm: "vm-0", target: "192.168.101.21" });
      assert.equal(await ping(), 2);
      for (const port of [0, 1]) {
        left.setCable(port, false);
        assert.equal(await ping(), 2, `without the cable of port ${port}`);
        left.setCable(port, true);
      }
      left.setCable(0, false);
      left.setCable(1, false);
      assert.equal(await ping(), 0);
    });
  }
});
