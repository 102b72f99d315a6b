import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

let controller: FakeController;
before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string) => {
  controller.requests.length = 0;
  return runFake(line.split(" "), { env: { SWY_ADDR: controller.address } });
};
/** What the controller was asked by this method, in order. */
const asked = (method: string) =>
  controller.requests.filter((each) => each.method === method).map(({ request }) => request);
const rehearsals = (method: string) => asked(method).map(({ validateOnly }) => validateOnly);

describe("moving VMs", () => {
  it("shows where a VM would go before it asks, and needs --yes where nobody can answer", async () => {
    const refused = await swy("vm move web-1");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--yes/);
    assert.deepEqual(rehearsals("moveVm"), [true]);
    const { code, stdout } = await swy("vm move web-1 --to r740-02 --yes");
    assert.equal(code, 0);
    assert.deepEqual(rehearsals("moveVm"), [true, false]);
    assert.equal(asked("moveVm")[1]?.["targetHost"], "hosts/r740-02");
    assert.match(stdout, /web-1 +r740-01 +r740-02/);
  });

  it("asks for the way that is wished, and for one only", async () => {
    await swy("vm move web-1 --live --yes");
    assert.deepEqual(
      asked("moveVm").map(({ mode }) => mode),
      [2, 2],
    );
    await swy("vm move web-1 --cold --yes");
    assert.deepEqual(
      asked("moveVm").map(({ mode }) => mode),
      [3, 3],
    );
    const both = await swy("vm move web-1 --live --cold --yes");
    assert.equal(both.code, 2);
    assert.match(both.stderr, /exclude each other/);
  });

  it("fails where the move did, with its reason", async () => {
    const { code, stderr } = await swy("vm move web-bad --yes");
    assert.equal(code, 1);
    assert.match(stderr, /no host has room for web-bad .*\[NO_CAPACITY\]/);
  });

  it("tells how a VM could be moved, by itself and beside the VM", async () => {
    const alone = await swy("vm migration web-1");
    assert.match(alone.stdout, /moves cold: stopped, its disk copied, started/);
    assert.match(alone.stdout, /no suspend +a driver with suspend/);
    const beside = await swy("vm get web-1");
    assert.equal(beside.code, 0);
    assert.match(beside.stdout, /moves +cold: stopped, its disk copied, started/);
    const document = JSON.parse((await swy("vm get web-1 -o json")).stdout);
    assert.ok(!("moves" in document), "JSON is the resource");
    assert.deepEqual(asked("getMigrationCapability"), []);
  });
});

describe("emptying a host", () => {
  it("takes nothing in a dry run", async () => {
    const { code, stdout } = await swy("host evacuate r740-01 --dry-run");
    assert.equal(code, 0);
    assert.deepEqual(rehearsals("evacuateHost"), [true]);
    assert.match(stdout, /web-1/);
  });

  it("passes on reason and bounds, and succeeds once every VM has arrived", async () => {
    const flags = "--reason fans --parallel 4 --fenced --new-disk";
    const { code } = await swy(`host evacuate r740-01 ${flags} --yes`);
    assert.equal(code, 0);
    const { reason, parallelCount, isFenced, hasNewDisks } = asked("evacuateHost")[1] ?? {};
    assert.deepEqual([reason, parallelCount, isFenced, hasNewDisks], ["fans", 4, true, true]);
  });

  it("fails where a VM stays, and says which", async () => {
    const { code, stderr } = await swy("host evacuate lab-1 --yes");
    assert.equal(code, 1);
    assert.match(stderr, /VM web-2 can't be moved .*\[VM_NOT_MOVABLE\]/);
  });

  it("lets a host take VMs again, and brings its own home", async () => {
    assert.equal((await swy("host uncordon r740-01")).code, 0);
    assert.equal((await swy("host restore-home r740-01 --yes")).code, 0);
    assert.equal(asked("restoreHome").at(-1)?.["name"], "hosts/r740-01");
  });

  it("fences only when somebody says so", async () => {
    assert.equal((await swy("host fence lab-1")).code, 2);
    assert.deepEqual(asked("fenceHost"), []);
    const { code } = await swy("host fence lab-1 --confirmed-by-operator unplugged --yes");
    assert.equal(code, 0);
    assert.deepEqual(asked("fenceHost")[0]?.["by"], {
      $case: "operator",
      value: { reason: "unplugged" },
    });
  });
});
