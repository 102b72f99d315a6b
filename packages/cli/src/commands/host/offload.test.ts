import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

describe("swy host offload", () => {
  let controller: FakeController;
  before(async () => {
    controller = await startFakeController();
  });
  after(() => controller.stop());

  const swy = (...args: readonly string[]) =>
    runFake(args, { env: { SWY_ADDR: controller.address } });

  it("shows what is wanted, set and proven, the share, and flows with why they are in software", async () => {
    const { code, stdout, stderr } = await swy("host", "offload", "r740-01");
    assert.deepEqual([code, stderr], [0, ""]);
    const asked = controller.requests.findLast(({ method }) => method === "getHostOffload");
    assert.equal(asked?.request["host"], "hosts/r740-01");
    assert.match(stdout, /kind +simulated\n/);
    assert.match(
      stdout,
      /wanted +on\n +set +on\n +proven +✓ since .*\n +proven by +a flow from eth0 to eth1\n/,
    );
    assert.match(stdout, /in hardware +98\.5 %\n/);
    assert.match(stdout, /eth0 +cxbr0 +12 +1.* +internal-port +it goes to the bridge's own port\n/);
    assert.match(stdout, /tc-offload-off {2}try: ethtool -K eth0 hw-tc-offload on\n$/);
  });

  it("lists hosts by label, and gives the proto's JSON", async () => {
    const { stdout } = await swy("host", "offload", "-l", "rack=a");
    assert.match(stdout, /^HOST +KIND +WANTED +SET +PROVEN +IN HARDWARE\n/);
    assert.match(stdout, /r740-01 +simulated +on +on +✓ since .* +98\.5 %\n/);
    const asked = controller.requests.findLast(({ method }) => method === "listHostOffloads");
    assert.deepEqual(asked?.request["labelSelector"], { rack: "a" });
    const { stdout: json } = await swy("host", "offload", "-o", "json");
    const [first] = (JSON.parse(json) as { hostOffloads: { proof: { inPort: string } }[] })
      .hostOffloads;
    assert.equal(first?.proof.inPort, "eth0");
  });

  it("takes a host or labels, not both", async () => {
    const { code, stderr } = await swy("host", "offload", "r740-01", "-l", "rack=a");
    assert.equal(code, 2);
    assert.match(stderr, /exclude each other/);
  });
});
