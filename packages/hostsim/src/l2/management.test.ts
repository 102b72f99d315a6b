import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findDefaultRoutes, findRouteNetdev, pingAddress } from "@switchyard/host";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { run, UPLINK } from "../testing/seed-procedure.ts";

const ROUTER = "10.20.0.1";
const CIDR = "10.0.0.9/24";
const OWN_ROUTER = "10.0.0.1";
const OTHER_PORT = "enp130s0f1np1";

const onUplink = (): SimHost =>
  createSimHost({
    cabledPorts: [0, 1],
    overrides: { management: { netdev: UPLINK, cidr: CIDR, gateway: OWN_ROUTER } },
  });

async function makeBridge(host: SimHost): Promise<void> {
  await run(host, "/usr/share/openvswitch/scripts/ovs-ctl start");
  await run(host, "ovs-vsctl add-br br0");
  await run(host, "ip link set dev br0 up");
}

describe("the management path of a simulated host", () => {
  it("leads by the default route, as ip and ping say too", async () => {
    const host = createSimHost();
    assert.equal(host.reachesManagement, true);
    assert.deepEqual(await findDefaultRoutes(host), [{ netdev: "eno1", gateway: ROUTER }]);
    assert.equal(await findRouteNetdev(host, "192.0.2.7"), "eno1");
    assert.equal((await pingAddress(host, ROUTER))?.received, 2);
  });

  it("is cut while its port is down", async () => {
    const host = createSimHost();
    await run(host, "ip link set dev eno1 down");
    assert.equal(host.reachesManagement, false);
    await run(host, "ip link set dev eno1 up");
    assert.equal(host.reachesManagement, true);
  });

  it("is cut by a better match on a bridge, and by the router's own address", async () => {
    const host = createSimHost();
    await makeBridge(host);
    for (const cidr of ["10.20.0.7/24", `${ROUTER}/24`]) {
      await run(host, `ip addr add ${cidr} dev br0`);
      assert.equal(host.reachesManagement, false, cidr);
      await run(host, `ip addr del ${cidr} dev br0`);
      assert.equal(host.reachesManagement, true, cidr);
    }
    await run(host, "ip addr add 192.168.101.2/24 dev br0");
    assert.equal(host.reachesManagement, true, "another subnet");
  });

  it("is cut when its port goes into a bridge, and leads by the bridge with the address there", async () => {
    const host = onUplink();
    await makeBridge(host);
    assert.equal(host.reachesManagement, true);
    await run(host, `ovs-vsctl add-port br0 ${UPLINK}`);
    assert.equal(host.reachesManagement, false);
    await run(host, `ip addr del ${CIDR} dev ${UPLINK}`);
    await run(host, `ip addr add ${CIDR} dev br0`);
    assert.equal(host.reachesManagement, true);
    await run(host, "/usr/share/openvswitch/scripts/ovs-ctl stop");
    assert.equal(host.reachesManagement, false, "nobody forwards");
  });

  it("is cut when its port is joined in a bond, and leads by the bond with the address there", async () => {
    const host = onUplink();
    await run(host, "ip link add bond0 type bond mode active-backup miimon 100");
    for (const port of [UPLINK, OTHER_PORT]) {
      await run(host, `ip link set dev ${port} down`);
      await run(host, `ip link set dev ${port} master bond0`);
    }
    await run(host, "ip link set dev bond0 up");
    assert.equal(host.reachesManagement, false);
    await run(host, `ip addr del ${CIDR} dev ${UPLINK}`);
    await run(host, `ip addr add ${CIDR} dev bond0`);
    assert.equal(host.reachesManagement, true);
  });

  it("is cut with the cable", async () => {
    const host = onUplink();
    host.setCable(0, false);
    assert.equal(host.reachesManagement, false);
    host.setCable(0, true);
    assert.equal(host.reachesManagement, true);
  });
});
