import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { readFdb } from "@switchyard/host";
import { createSimFleet } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { answered, configureGuest, inGuest } from "../testing/guest.ts";
import { MACS, prepare, run, startVm, UPLINK } from "../testing/seed-procedure.ts";

const LEFT_IP = "192.168.101.20";
const RIGHT_IP = "192.168.101.21";

describe("ports with settings between two VMs on two hosts", () => {
  let left: SimHost;
  let right: SimHost;
  beforeEach(async () => {
    [left, right] = createSimFleet({ hosts: 2, seed: 5 }).hosts as [SimHost, SimHost];
    for (const [at, host] of [left, right].entries()) {
      const name = at === 0 ? "left" : "right";
      const mac = MACS[at === 0 ? 0 : 1];
      await prepare(host, [mac]);
      await startVm(host, name, 0, mac);
      await configureGuest(host, name, `${at === 0 ? LEFT_IP : RIGHT_IP}/24`);
    }
  });
  const ping = () => answered(left, { vm: "left", target: RIGHT_IP });
  const setTag = (host: SimHost, tag: number) =>
    run(host, `ovs-vsctl --timeout=10 set port eth0 tag=${tag}`);

  it("carries pings within a VLAN, and none between two", async () => {
    await setTag(left, 40);
    assert.equal(await ping(), 0, "one is tagged, the other is not");
    await setTag(right, 41);
    assert.equal(await ping(), 0);
    await setTag(right, 40);
    assert.equal(await ping(), 2);
    const learnt = (await readFdb(left, "cxbr0")).map(({ mac, vlan }) => `${mac} ${vlan}`);
    assert.ok(learnt.includes(`${MACS[0]} 40`), learnt.join(", "));
  });

  it("lets on what flows allow, and drops what a guest sends with another address", async () => {
    const add = (flow: string) => run(left, ["ovs-ofctl", "add-flow", "cxbr0", flow]);
    await add("cookie=0x1,priority=100,in_port=eth0,actions=drop");
    assert.equal(await ping(), 0);
    const own = `in_port=eth0,dl_src=${MACS[0]}`;
    await add(`cookie=0x1,priority=200,arp,${own},arp_spa=${LEFT_IP},actions=NORMAL`);
    assert.equal(await ping(), 0, "ARP alone is answered, and carries no ping");
    await add(`cookie=0x1,priority=200,ip,${own},nw_src=${LEFT_IP},actions=NORMAL`);
    assert.equal(await ping(), 2);
    await inGuest(left, "left", `ip addr del ${LEFT_IP}/24 dev eth0`);
    await inGuest(left, "left", "ip addr add 192.168.101.99/24 dev eth0");
    assert.equal(await ping(), 0);
    await run(left, ["ovs-ofctl", "del-flows", "cxbr0", "cookie=0x1/-1"]);
    assert.equal(await ping(), 2);
  });

  it("carries large frames once every port on the way takes them", async () => {
    const jumbo = async () => {
      const line = `ping -c 1 -W 1 -s 8000 ${RIGHT_IP}`;
      const { stdout } = await inGuest(left, "left", line);
      return Number(/(\d+) received/.exec(stdout)?.[1]);
    };
    assert.equal(await jumbo(), 1, "a guest with a small MTU sends fragments");
    for (const [name, host] of [
      ["left", left],
      ["right", right],
    ] as const) {
      await inGuest(host, name, "ip link set dev eth0 mtu 9000");
    }
    assert.equal(await jumbo(), 0);
    for (const host of [left, right]) {
      const vf = JSON.parse(await run(host, "ip -j link show")) as { ifname: string }[];
      const names = vf
        .map(({ ifname }) => ifname)
        .filter((name) => name.startsWith(`${UPLINK.slice(0, -3)}`));
      for (const name of new Set([UPLINK, "eth0", ...names])) {
        assert.equal(await jumbo(), 0, `before ${name} takes them`);
        await run(host, `ip link set dev ${name} mtu 9000`);
      }
    }
    assert.equal(await jumbo(), 1);
  });
});
