import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../../testing/fake-io.ts";

let controller: FakeController;
before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string, options: FakeIoOptions = {}) =>
  runFake(line.split(" "), { ...options, env: { SWY_ADDR: controller.address } });
/** What the controller was asked last, of the members that matter here. */
function lastRequest(method: string) {
  const request = controller.requests.findLast((each) => each.method === method)?.request;
  return request as {
    readonly network: { readonly name: string; readonly etag: string; readonly spec: object };
    readonly updateMask: readonly string[];
  };
}
const specOf = (method: string) => lastRequest(method).network.spec as Record<string, unknown>;

describe("swy network", () => {
  it("creates one from flags", async () => {
    const flags = "--vlan 40 --mtu 9000 --anti-spoof on --send-limit 10G/50M --receive-limit 1G";
    const { code, stdout } = await swy(`network create lan --bridge cxbr0 ${flags}`);
    assert.equal(code, 0);
    const { vlan, mtuBytes, antiSpoof, sendLimit, receiveLimit } = specOf("createNetwork");
    assert.deepEqual([vlan, mtuBytes, antiSpoof], [40, 9000, true]);
    assert.deepEqual(sendLimit, { bitsPerSecond: 10_000_000_000n, burstBits: 50_000_000n });
    assert.deepEqual(receiveLimit, { bitsPerSecond: 1_000_000_000n, burstBits: 0n });
    assert.match(stdout, /VMs may send +10 Gbit\/s, bursts of 50 Mbit/);
  });

  it("updates what flags name, and no more", async () => {
    assert.equal((await swy("network update lan --vlan none --send-limit none")).code, 0);
    assert.deepEqual(lastRequest("updateNetwork").updateMask, ["spec.vlan", "spec.send_limit"]);
    assert.equal(specOf("updateNetwork")["sendLimit"], undefined);
    assert.equal((await swy("network update lan")).code, 2);
    assert.equal((await swy("network update lan --anti-spoof maybe")).code, 2);
  });

  it("reserves an address for a VM or for none, and releases it, on top of what it read", async () => {
    const mine = { address: "192.168.101.20", vm: "vms/web-1" };
    await swy("network reserve lan 192.168.101.1");
    const { network, updateMask } = lastRequest("updateNetwork");
    assert.deepEqual([network.etag, updateMask], ["7", ["spec.reservations"]]);
    const free = { address: "192.168.101.1", vm: "" };
    assert.deepEqual(specOf("updateNetwork")["reservations"], [mine, free]);
    await swy("network reserve lan 192.168.101.20 --vm web-2");
    assert.deepEqual(specOf("updateNetwork")["reservations"], [{ ...mine, vm: "vms/web-2" }]);
    await swy("network release lan 192.168.101.20");
    assert.deepEqual(specOf("updateNetwork")["reservations"], []);
    const { code, stderr } = await swy("network release lan 192.168.101.99");
    assert.equal(code, 2);
    assert.match(stderr, /192\.168\.101\.99 is not reserved in lan/);
  });
});
