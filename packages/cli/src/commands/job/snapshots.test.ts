import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

let controller: FakeController;
before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string) => runFake(line.split(" "), { env: { SWY_ADDR: controller.address } });
const lastDiff = () =>
  controller.requests.findLast(({ method }) => method === "diffJobSnapshots")?.request;

describe("swy job snapshots", () => {
  it("lists them in order, with what changed, what could not be read and what is missing", async () => {
    const { code, stdout } = await swy("job snapshots j1");
    assert.equal(code, 0);
    assert.match(stdout, /^POINT +AFTER +TIME +CHANGED +KERNEL LINES +TOOK MS +READ/);
    assert.match(stdout, /^start .* 90 .* 5 areas$/m);
    assert.match(stdout, /^step-1 +01-ensureVfCount .* 3 .* functions, links$/m);
    assert.match(stdout, /step-1: ovs could not be read: no answer/);
    assert.match(stdout, /step-2 is missing: put off/);
  });

  it("gives one JSON document", async () => {
    const { stdout } = await swy("job snapshots j1 -o json");
    const { snapshots, missing } = JSON.parse(stdout) as Record<string, { point: string }[]>;
    assert.deepEqual(
      snapshots?.map(({ point }) => point),
      ["start", "step-1"],
    );
    assert.deepEqual(
      missing?.map(({ point }) => point),
      ["step-2"],
    );
  });
});

describe("swy job snapshot diff", () => {
  it("compares start and end unless told otherwise, field by field", async () => {
    const { code, stdout } = await swy("job snapshot diff j1");
    assert.equal(code, 0);
    assert.match(stdout, /^functions +0000:82:00.0 +vfCount +0 +2$/m);
    assert.match(stdout, /^bridges +cxbr0 +- +- +isOurs true$/m);
    assert.match(stdout, /the kernel said meanwhile:\n {2}\[ 1.0\] mlx5_core: E-Switch\n/);
    assert.deepEqual(lastDiff(), { from: "jobs/j1/snapshots/start", to: "jobs/j1/snapshots/end" });
  });

  it("compares points of one job, and of two", async () => {
    await swy("job snapshot diff jobs/j1 --from step-3 --to step-7#2");
    assert.equal(lastDiff()?.["to"], "jobs/j1/snapshots/step-7#2");
    await swy("job snapshot diff j1 --from end --to-job j2 --to start");
    assert.deepEqual(lastDiff(), { from: "jobs/j1/snapshots/end", to: "jobs/j2/snapshots/start" });
  });

  it("says so when nothing differs, and answers in the exit status where asked to", async () => {
    const same = await swy("job snapshot diff j1 --from end --to end --exit-code");
    assert.deepEqual(
      [same.code, same.stdout],
      [0, "no difference between r740-01 start and r740-01 end\n"],
    );
    assert.equal((await swy("job snapshot diff j1 --exit-code")).code, 10);
  });

  it("refuses what is no point before it asks", async () => {
    const count = controller.requests.length;
    const { code, stderr } = await swy("job snapshot diff j1 --from ../end");
    assert.equal(code, 2);
    assert.match(stderr, /"..\/end" is no point of a job/);
    assert.equal(controller.requests.length, count);
  });
});

describe("swy job snapshot export", () => {
  it("prints the document and nothing else on stdout", async () => {
    const { code, stdout } = await swy("job snapshot export j1 --at failed");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { kind: "switchyard-snapshot", version: 1 });
  });

  it("is in the help of its noun", async () => {
    const { stdout } = await swy("job snapshot --help");
    assert.match(stdout, /diff .*\n.*export/s);
  });
});
