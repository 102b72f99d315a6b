import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

let controller: FakeController;
before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const SPEC = "--network lan --vcpus 4 --memory 4GiB --disk /a.qcow2";
const swy = (line: string) =>
  runFake(`${line} ${SPEC}`.split(" "), { env: { SWY_ADDR: controller.address } });
const last = (method: string) =>
  controller.requests.filter((each) => each.method === method).at(-1)?.request;

describe("swy vm create, where it shall go", () => {
  it("makes rules of words and labels", async () => {
    const { code, stderr } = await swy(
      "vm create web-1 --no-wait --policy pack --label app=web --apart web --prefer-together app=db,tier=1",
    );
    assert.equal(code, 0, stderr);
    const { vm } = last("createVm") as { vm: { spec: Record<string, unknown> } };
    assert.equal(vm.spec["placementPolicy"], 2);
    assert.deepEqual(vm.spec["labels"], { app: "web" });
    assert.deepEqual(vm.spec["affinity"], [
      { kind: 2, required: true, group: "web", vmLabels: {} },
      { kind: 1, required: false, group: "", vmLabels: { app: "db", tier: "1" } },
    ]);
    assert.match((await swy("vm create web-1 --policy heap")).stderr, /spread or pack/);
  });

  it("shows of a dry run what every host scores, or what refuses it", async () => {
    const { stderr } = await swy("vm create web-1 --dry-run");
    assert.match(stderr, /goes to r740-01: 1 host fit, 1 do not/);
    assert.match(stderr, /r740-01 +7\.50 +load 0\.94 x8 +VF 3 of 0000:82:00\.0, node 1/);
    assert.match(stderr, /r740-02 +memory +2048 MiB free +4096 MiB +2048 MiB more memory/);
    assert.match(stderr, /dry run: nothing was changed/);
  });

  it("creates several in one call, and says which had no room", async () => {
    const { code, stdout, stderr } = await swy(
      "vm create web --count 3 --as-many-as-fit --no-wait",
    );
    assert.equal(code, 0, stderr);
    const request = last("batchCreateVms");
    assert.deepEqual(request?.["vmIds"], ["web-1", "web-2", "web-3"]);
    assert.equal(request?.["fit"], 2);
    assert.match(stdout, /web-1[\s\S]*web-2/);
    assert.match(stderr, /no room for web-3/);
    assert.match(stderr, /no host can take it/);
    assert.equal((await swy("vm create web --as-many-as-fit")).code, 2);
  });
});

describe("swy vm explain", () => {
  it("tells where a VM would go, and takes nothing", async () => {
    const before = controller.requests.filter(({ method }) => method === "createVm").length;
    const { stdout } = await swy("vm explain web-1");
    assert.match(stdout, /^goes to r740-01/);
    const after = controller.requests.filter(({ method }) => method === "createVm").length;
    assert.equal(after, before);
  });
});
