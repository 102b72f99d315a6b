import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Fleet, FreezeCause } from "@switchyard/client";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

const FROZEN = Fleet.fromPartial({
  name: "fleet",
  hostCounts: { ready: 75, lost: 25 },
  freeze: {
    cause: FreezeCause.HOSTS_LOST,
    freezeTime: new Date(0),
    lostHostCount: 25,
    hostCount: 100,
    liftAtCount: 10,
    lostHosts: Array.from({ length: 25 }, (_, index) => `hosts/r740-${index + 10}`),
    message: "the fleet is frozen: 25 of 100 hosts were lost at once",
  },
});

describe("swy fleet", () => {
  let calm: FakeController;
  let frozen: FakeController;
  before(async () => {
    calm = await startFakeController();
    frozen = await startFakeController({ fleet: FROZEN });
  });
  after(async () => {
    await calm.stop();
    await frozen.stop();
  });
  const swy = (at: FakeController, line: string) =>
    runFake(line.split(" "), { env: { SWY_ADDR: at.address } });

  it("tells how many hosts there are, and that nothing is held", async () => {
    const { code, stdout } = await swy(calm, "fleet get");
    assert.equal(code, 0);
    assert.match(stdout, /hosts +1 ready, 1 lost/);
    assert.match(stdout, /state .*not frozen/);
    assert.ok(!stdout.includes("unfreeze"));
  });

  it("tells why it is frozen, which hosts are lost, and how that ends", async () => {
    const { stdout } = await swy(frozen, "fleet get");
    assert.match(stdout, /25 of 100 hosts were lost at once/);
    assert.match(stdout, /r740-10, .* and 15 more/);
    assert.match(stdout, /no more than 10 are lost; or: swy fleet unfreeze --reason/);
    const { stdout: json } = await swy(frozen, "fleet get -o json");
    assert.equal(JSON.parse(json).freeze.cause, "FREEZE_CAUSE_HOSTS_LOST");
  });

  it("is told of beside lists of hosts and rollouts for people, and nowhere else", async () => {
    const { stdout, stderr } = await swy(frozen, "host list");
    assert.match(stderr, /25 of 100 hosts were lost at once.*see swy fleet get/);
    assert.ok(!stdout.includes("frozen"));
    assert.equal((await swy(calm, "host list")).stderr, "");
    assert.equal((await swy(frozen, "host list -o json")).stderr, "");
  });

  it("tells after a restore who has not reported, and which VMs are astray", async () => {
    const restored = await startFakeController({
      fleet: Fleet.fromPartial({
        name: "fleet",
        freeze: {
          cause: FreezeCause.RESTORED,
          message: "the fleet is frozen: its database was restored from a copy",
          unreportedHosts: ["hosts/r740-02"],
          strayVms: [{ vm: "vms/web-9", host: "hosts/r740-01", recordedHost: "" }],
        },
      }),
    });
    const { stdout } = await swy(restored, "fleet get");
    await restored.stop();
    assert.match(stdout, /unreported +r740-02/);
    assert.match(stdout, /astray +web-9 runs on r740-01, on record: none/);
    assert.match(stdout, /no VM starts/);
  });

  it("is unfrozen with a reason, and not without", async () => {
    assert.equal((await swy(frozen, "fleet unfreeze")).code, 2);
    const { code, stdout } = await swy(frozen, "fleet unfreeze --reason rack-3-is-off");
    assert.equal(code, 0);
    assert.match(stdout, /not frozen/);
    const asked = frozen.requests.findLast(({ method }) => method === "unfreezeFleet");
    assert.equal(asked?.request["reason"], "rack-3-is-off");
  });
});
