import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import {
  addAddress,
  addBond,
  deleteBond,
  findRouteNetdev,
  joinBond,
  listLinks,
  readDefaultRouteNetdevs,
  removeAddress,
  setLinkState,
  setVfMac,
} from "./iproute.ts";

const hostWithLinks = (links: string, addresses: string) =>
  createScriptedHost({
    commands: {
      "ip -j -d link show": { stdout: links },
      "ip -j addr show": { stdout: addresses },
    },
  });
const hostAnswering = (argv: string, reply: Reply) =>
  createScriptedHost({ commands: { [argv]: reply } });

describe("listLinks", () => {
  it("joins links with their IPv4 addresses and says what stands on what", async () => {
    const links = await listLinks(
      hostWithLinks(
        fixture(import.meta.url, "link.iproute2-6.1.0.json"),
        fixture(import.meta.url, "address.iproute2-6.1.0.json"),
      ),
    );
    const bridge = links.find(({ netdev }) => netdev === "br0");
    assert.deepEqual(bridge?.addresses, ["192.168.101.2/24"]);
    assert.deepEqual([bridge?.isUp, bridge?.hasCarrier, bridge?.mtu], [true, true, 1500]);
    assert.equal(links.find(({ netdev }) => netdev === "v0")?.master, "br0");
  });

  it("reads switch ports and the MACs of VFs, of which zeros mean none", async () => {
    const links = await listLinks(
      hostWithLinks(fixture(import.meta.url, "mlx5-link.reference.json"), "[]"),
    );
    assert.deepEqual([...(links[0]?.vfAdminMacs ?? [])], [[1, "52:54:00:aa:bb:01"]]);
    assert.equal(links[0]?.portName, "p0");
    assert.deepEqual([links[1]?.portName, links[1]?.isUp], ["pf0vf0", false]);
    assert.equal(links[1]?.switchId, links[0]?.switchId);
  });
});

describe("bonds", () => {
  it("are read with their mode, mark and ports", async () => {
    const links = await listLinks(
      hostWithLinks(fixture(import.meta.url, "bond-link.reference.json"), "[]"),
    );
    const bond = links.find(({ netdev }) => netdev === "bond0");
    assert.deepEqual([bond?.bondMode, bond?.alias], ["802.3ad", "managed-by=switchyard"]);
    assert.deepEqual(
      links.filter(({ master }) => master === "bond0").map(({ netdev }) => netdev),
      ["enp130s0f0np0"],
    );
  });

  it("take a port only when it is down, so that it is set down first", async () => {
    const host = createScriptedHost({
      commands: {
        "ip link set dev eth7 down": {},
        "ip link set dev eth7 master bond0": {
          exitCode: 2,
          stderr: "Error: Device can not be enslaved while up.\n",
        },
      },
    });
    await assert.rejects(joinBond(host, "eth7", "bond0"), { reason: "BOND_CHANGE_FAILED" });
  });

  it("count as deleted when they are gone", async () => {
    const reply = { exitCode: 1, stderr: 'Cannot find device "bond0"\n' };
    await assert.doesNotReject(deleteBond(hostAnswering("ip link del dev bond0", reply), "bond0"));
  });

  it("are made with carrier monitoring and our mark", async () => {
    const host = createScriptedHost({
      commands: {
        "ip link add name bond0 type bond mode active-backup miimon 100": {},
        "ip link set dev bond0 alias ours": {},
      },
    });
    const bond = { name: "bond0", mode: "active-backup", alias: "ours" } as const;
    await assert.doesNotReject(addBond(host, bond));
  });
});

describe("setVfMac", () => {
  it("sets the MAC through the PF, and keeps the kernel's words when it refuses", async () => {
    const mac = "52:54:00:cb:45:11";
    const argv = `ip link set dev pf0 vf 3 mac ${mac}`;
    await assert.doesNotReject(setVfMac(hostAnswering(argv, {}), { netdev: "pf0", index: 3, mac }));
    const reply = { exitCode: 2, stderr: "RTNETLINK answers: Invalid argument\n" };
    await assert.rejects(setVfMac(hostAnswering(argv, reply), { netdev: "pf0", index: 3, mac }), {
      reason: "LINK_CHANGE_FAILED",
    });
  });
});

describe("setLinkState", () => {
  it("says that the netdev is not there", async () => {
    const reply = { exitCode: 1, stderr: 'Cannot find device "eth7"\n' };
    const host = hostAnswering("ip link set dev eth7 up", reply);
    await assert.rejects(setLinkState(host, "eth7", true), { reason: "DEVICE_ABSENT" });
  });

  it("keeps the kernel's words of any other refusal", async () => {
    const reply = { exitCode: 2, stderr: "RTNETLINK answers: Operation not permitted\n" };
    const host = hostAnswering("ip link set dev eth7 down", reply);
    await assert.rejects(setLinkState(host, "eth7", false), {
      reason: "LINK_CHANGE_FAILED",
      metadata: {
        argv: "ip link set dev eth7 down",
        exitCode: "2",
        stderr: "RTNETLINK answers: Operation not permitted",
      },
    });
  });
});

describe("addAddress and removeAddress", () => {
  const add = "ip addr add 192.168.101.2/24 dev br0";
  const del = "ip addr del 192.168.101.2/24 dev br0";

  it("takes an address that is there for added, in the words of both kernel ages", async () => {
    for (const stderr of [
      "RTNETLINK answers: File exists\n",
      "Error: ipv4: Address already assigned.\n",
    ]) {
      const host = hostAnswering(add, { exitCode: 2, stderr });
      await assert.doesNotReject(addAddress(host, "br0", "192.168.101.2/24"));
    }
  });

  it("takes an address or netdev that is gone for removed", async () => {
    for (const stderr of [
      "RTNETLINK answers: Cannot assign requested address\n",
      "Error: ipv4: Address not found.\n",
      'Cannot find device "br0"\n',
    ]) {
      const host = hostAnswering(del, { exitCode: 2, stderr });
      await assert.doesNotReject(removeAddress(host, "br0", "192.168.101.2/24"));
    }
  });

  it("does not add to a netdev that is not there", async () => {
    const host = hostAnswering(add, { exitCode: 1, stderr: 'Cannot find device "br0"\n' });
    await assert.rejects(addAddress(host, "br0", "192.168.101.2/24"), { reason: "DEVICE_ABSENT" });
  });
});

describe("readDefaultRouteNetdevs", () => {
  it("names each netdev once, multipath included, and does without IPv6", async () => {
    const multipath = `[{"dst":"default","nexthops":[{"gateway":"10.0.0.1","dev":"eno1"},{"gateway":"10.0.1.1","dev":"eno2"}]},
      {"dst":"default","gateway":"10.0.0.9","dev":"eno1","metric":200}]`;
    const host = createScriptedHost({
      commands: {
        "ip -j -4 route show default": { stdout: multipath },
        "ip -j -6 route show default": { exitCode: 2, stderr: "Dump terminated\n" },
      },
    });
    assert.deepEqual(await readDefaultRouteNetdevs(host), ["eno1", "eno2"]);
  });

  it("finds the way to one address, or none", async () => {
    const stdout =
      '[{"dst":"10.9.9.9","gateway":"192.168.101.1","dev":"br0","prefsrc":"192.168.101.2","flags":[],"uid":0,"cache":[]}]';
    const there = hostAnswering("ip -j route get 10.9.9.9", { stdout });
    assert.equal(await findRouteNetdev(there, "10.9.9.9"), "br0");
    const stderr = "RTNETLINK answers: Network is unreachable\n";
    const nowhere = hostAnswering("ip -j route get 10.9.9.9", { exitCode: 2, stderr });
    assert.equal(await findRouteNetdev(nowhere, "10.9.9.9"), undefined);
  });
});
