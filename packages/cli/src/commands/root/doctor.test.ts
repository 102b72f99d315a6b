import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Disruption } from "@switchyard/proto";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../../testing/fake-io.ts";

/** Every fake mends its host when a plan is applied, so each test that applies has its own. */
const withController = async (
  options: Parameters<typeof startFakeController>[0],
  work: (
    swy: (args: readonly string[], io?: FakeIoOptions) => ReturnType<typeof runFake>,
    controller: FakeController,
  ) => Promise<void>,
) => {
  const controller = await startFakeController(options);
  try {
    await work(
      (args, io = {}) => runFake(args, { ...io, env: { SWY_ADDR: controller.address } }),
      controller,
    );
  } finally {
    controller.stop();
  }
};

describe("swy doctor", () => {
  let controller: FakeController;
  before(async () => {
    controller = await startFakeController();
  });
  after(() => controller.stop());

  const swy = (...args: readonly string[]) =>
    runFake(args, { env: { SWY_ADDR: controller.address } });
  const lastRequest = (method: string) =>
    controller.requests.findLast((each) => each.method === method)?.request;

  it("shows every check of a host with what was found, and exits 7 when one fails", async () => {
    const { code, stdout, stderr } = await swy("doctor", "r740-01");
    assert.equal(code, 7);
    assert.equal(stderr, "");
    assert.match(stdout, /^hosts\/r740-01 {2}simulated {2}✗ FAIL\n/);
    assert.match(
      stdout,
      /✗ FAIL {2}C10 +C10 holds\n +found {2}seen by C10\n +cause {2}nobody set it up/,
    );
    assert.match(stdout, /try +ip link set eth0 up\n +more +swy explain C10/);
    assert.match(stdout, /· SKIP {2}E01 +E01 holds: seen by E01/);
    assert.match(stdout, /1 fail, 0 warn, 0 pass, 1 skip\n$/);
    assert.equal((await swy("doctor", "lab-1")).code, 0);
  });

  it("sends ids and symptom along, and gives the proto's JSON and YAML", async () => {
    const json = await swy("doctor", "r740-01", "--only", "C10", "--only", "E01", "-o", "json");
    assert.deepEqual(lastRequest("diagnoseHost")?.["only"], ["C10", "E01"]);
    assert.equal(json.code, 7);
    const report = JSON.parse(json.stdout) as { status: string; results: { status: string }[] };
    assert.equal(report.status, "CHECK_STATUS_FAIL");
    assert.equal(report.results[0]?.status, "CHECK_STATUS_FAIL");
    const yaml = await swy("doctor", "lab-1", "-o", "yaml");
    assert.match(yaml.stdout, /^subject: hosts\/lab-1\n/);
  });

  it("sums up all hosts and the control plane without a host", async () => {
    const { code, stdout } = await swy("doctor");
    assert.equal(code, 7);
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^SUBJECT +KIND +STATUS +FAIL +WARN +PASS +SKIP +FOUND$/);
    assert.match(lines[1] ?? "", /^controller +\S+ +✓ PASS/);
    assert.match(lines[2] ?? "", /^lab-1 +simulated +✓ PASS/);
    assert.match(lines[3] ?? "", /^r740-01 +simulated +✗ FAIL +1 .*C10$/);
    const { stdout: json } = await swy("doctor", "-o", "json");
    assert.equal((JSON.parse(json) as { reports: unknown[] }).reports.length, 3);
  });

  it("asks only whom the ids are about", async () => {
    const ofController = await swy("doctor", "--only", "CTL-DATABASE", "-o", "name");
    assert.equal(ofController.stdout, "controller\n");
    const ofHosts = await swy("doctor", "--only", "C10", "-o", "name");
    assert.equal(ofHosts.stdout, "hosts/lab-1\nhosts/r740-01\n");
  });

  it("lists the checks there are", async () => {
    const { code, stdout } = await swy("doctor", "--list-checks");
    assert.equal(code, 0);
    assert.match(stdout, /C10 +eswitch +.*links are up/);
  });

  it("ranks what is behind a symptom, with and without a host", async () => {
    const alone = await swy("doctor", "--symptom", "VM can't ping");
    assert.equal(alone.code, 0);
    assert.match(alone.stdout, /✗ confirmed {2}a representor is down {2}\[C10\]/);
    assert.match(alone.stdout, /1 {2}Is every link up\? {2}✗ no/);
    assert.match(
      alone.stdout,
      /2 {2}Does the switch pass it\? {2}· not known\n +by hand +look at the switch/,
    );
    const onHost = await swy("doctor", "r740-01", "--symptom", "VM can't ping");
    assert.equal(onHost.code, 7);
    assert.equal(lastRequest("diagnoseHost")?.["symptom"], "VM can't ping");
    const unknown = await swy("doctor", "--symptom", "coffee");
    assert.match(unknown.stdout, /does not know this text, and does not guess/);
  });

  it("mends one host at a time", async () => {
    const { code, stderr } = await swy("doctor", "--fix", "safe", "--yes");
    assert.equal(code, 2);
    assert.match(stderr, /--fix needs one host/);
    assert.equal((await swy("doctor", "r740-01", "--fix", "everything")).code, 2);
  });
});

describe("swy doctor --fix safe", () => {
  it("shows the plan, applies it, looks again and exits 0", async () => {
    await withController({}, async (swy, controller) => {
      const { code, stdout, stderr } = await swy(["doctor", "r740-01", "--fix", "safe", "--yes"]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /safe to mend: C10/);
      assert.match(stderr, /Create 2 VFs on 0000:82:00\.0/);
      assert.match(stdout, /✓ PASS {2}C10/);
      const methods = controller.requests.map(({ method }) => method);
      assert.equal(methods.filter((method) => method === "diagnoseHost").length, 2);
      assert.ok(methods.includes("applyPlan"));
    });
  });

  it("asks before it changes anything, and not at all without --yes where nobody can be asked", async () => {
    await withController({}, async (swy, controller) => {
      const refused = await swy(["doctor", "r740-01", "--fix", "safe"]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /not without --yes/);
      const declined = await swy(["doctor", "r740-01", "--fix", "safe"], { answer: "n" });
      assert.equal(declined.code, 0);
      assert.match(declined.stderr, /nothing was changed/);
      assert.ok(!controller.requests.some(({ method }) => method === "applyPlan"));
    });
  });

  it("does not apply a plan that costs more than nothing", async () => {
    await withController({ disruption: Disruption.DATAPATH }, async (swy, controller) => {
      const { code, stderr } = await swy(["doctor", "r740-01", "--fix", "safe", "--yes"]);
      assert.equal(code, 7);
      assert.match(stderr, /not applied: it would cost datapath.*swy plan apply p1 --etag e1/);
      assert.ok(!controller.requests.some(({ method }) => method === "applyPlan"));
    });
  });

  it("says so where nothing has a safe fix", async () => {
    await withController({}, async (swy) => {
      const { code, stderr } = await swy(["doctor", "lab-1", "--fix", "safe", "--yes"]);
      assert.equal(code, 0);
      assert.match(stderr, /nothing here has a safe fix/);
    });
  });
});
