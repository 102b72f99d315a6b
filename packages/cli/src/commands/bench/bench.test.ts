import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../../testing/fake-io.ts";

let controller: FakeController;

before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const run = (args: readonly string[], options: FakeIoOptions = {}) =>
  runFake(["bench", ...args], { ...options, env: { SWY_ADDR: controller.address } });
const swy = (line: string, options: FakeIoOptions = {}) => run(line.split(" "), options);

describe("swy bench run", () => {
  const spec = () => {
    const last = controller.requests.findLast(({ method }) => method === "createExperiment");
    const experiment = last?.request["experiment"] as { readonly spec: object } | undefined;
    return experiment?.spec ?? {};
  };

  it("asks for what the flags say, over what the suite says", async () => {
    const { code, stdout } = await swy(
      "run mine --hosts r740-01,r740-02 --image rocky9 --modes sriov,vdpa-sw --suite quick --rounds 7 --duration 10s --no-wait",
    );
    assert.equal(code, 0);
    assert.match(stdout, /experiments\/mine/);
    const { hosts, image, roundCount, duration, pingCount, modes } = spec() as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [hosts, image, roundCount, pingCount, modes],
      [["hosts/r740-01", "hosts/r740-02"], "images/rocky9", 7, 50, [1, 3]],
    );
    assert.deepEqual(duration, { seconds: 10n, nanos: 0 });
  });

  it("refuses modes and suites that there are not", async () => {
    const flags = "run --hosts a --image rocky9";
    assert.match((await swy(`${flags} --modes fast`)).stderr, /"fast" is no mode/);
    assert.match((await swy(`${flags} --suite long`)).stderr, /no suite "long"/);
  });

  it("lists suites, and ends an experiment with a reason", async () => {
    assert.match((await swy("suites")).stdout, /^SUITE +ROUNDS +RUN +IDLE +PINGS +FOR\nquick/);
    const { code } = await swy("cancel mine --reason enough --no-wait");
    assert.equal(code, 0);
    assert.equal((await swy("cancel mine")).code, 2);
  });
});

describe("swy bench list and get", () => {
  it("says the ground of every experiment", async () => {
    const { code, stdout } = await swy("list");
    assert.equal(code, 0);
    assert.match(stdout, /^EXPERIMENT +GROUND +STATE +ROUNDS +MODES +HOSTS +AGE\n/);
    assert.match(stdout, /\nfirst +simulated +✓ succeeded +15\/15 +vdpa, sriov, vdpa-sw/);
  });

  it("shows one with its throughput", async () => {
    const { stdout } = await swy("get first");
    assert.match(stdout, /seed 7/);
    assert.match(stdout, /vdpa +first +simulated +71\.9 +61\.3–74\.8 +5 +-10\.0% +0\.016/);
  });
});

describe("swy bench compare", () => {
  it("holds modes against each other, environment before figures", async () => {
    const { code, stdout } = await swy("compare first");
    assert.equal(code, 0);
    assert.match(stdout, /^Modes of first \[simulated\]\n/);
    assert.ok(stdout.indexOf("ConnectX-6 Dx") < stdout.indexOf("throughput at the receiver"));
    assert.match(stdout, /vdpa-sw +first +simulated +28\.1 .* -64\.8% +0\.016/);
    assert.match(stdout, /MODE +EXPERIMENT +GROUND +P50 +P90 +P99 +P99\.9 +MAX +N +LOST/);
  });

  it("shows what differs between two, and fails where a condition is met", async () => {
    const args = ["compare", "first", "slower", "--fail-if", "throughput<-5%"];
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 1);
    assert.match(stdout, /kernel +first\/r740-01 +5\.14\.0\n/);
    assert.match(stdout, /slower\/r740-01 +6\.12\.0\n/);
    assert.match(stderr, /throughput<-5% is met: throughput of sriov in slower: -10\.0%/);
    assert.equal((await run([...args.slice(0, 4), "throughput<-15%"])).code, 0);
    assert.equal((await run([...args.slice(0, 4), "power-ipmi>+5%"])).code, 1);
  });

  it("compares with published ranges, and with a file", async () => {
    const { code, stdout } = await swy("compare reference/seed first");
    assert.equal(code, 0);
    assert.match(stdout, /the grounds differ.*reference\/seed is reference, first is simulated/);
    assert.match(stdout, /vdpa +reference\/seed +reference +67–70 +seen 50–75 +- +baseline +-/);
    const exported = await swy("export slower");
    const files = { "./before.json": exported.stdout };
    assert.equal((await swy("compare ./before.json first", { files })).code, 0);
  });

  it("refuses what is not valid before it asks anything", async () => {
    const asked = controller.requests.length;
    for (const [args, problem] of [
      [["compare", "first", "--fail-if", "speed<5%"], /CONDITION_MALFORMED[\s\S]*latency-p50/],
      [["compare", "reference/none", "first"], /there is reference\/seed/],
      [["compare", "./no.json"], /can't read \.\/no\.json/],
      [["compare", "first", "-o", "name"], /-o name is not for this command/],
      [["compare", "first", "--metric", "speed"], /one of throughput/],
      [["list", "-o", "svg"], /-o svg is not for this command; it takes table, json, yaml, name/],
    ] as const) {
      const { code, stderr } = await run(args);
      assert.equal(code, 2);
      assert.match(stderr, problem);
    }
    assert.ok(controller.requests.slice(asked).every(({ method }) => method !== "listExperiments"));
    assert.equal((await swy("compare first first")).code, 2);
    const broken = { "./bad.json": "{}" };
    assert.match((await swy("compare ./bad.json", { files: broken })).stderr, /FILE_MALFORMED/);
  });
});

describe("swy bench report", () => {
  it("writes a page with its chart beside it", async () => {
    const { code, written, stdout } = await swy("report first --file out/report.md");
    assert.equal(code, 0);
    assert.equal(stdout, "");
    assert.match(written["out/report.md"] ?? "", /!\[chart\]\(report\.svg\)/);
    assert.match(written["out/report.svg"] ?? "", /^<svg /);
  });

  it("takes the format from -o, else from the file's name", async () => {
    const csv = await swy("report first -o csv");
    assert.equal(csv.stdout.trimEnd().split("\r\n").length, 16);
    assert.match((await swy("report first")).stdout, /^# Modes of first/);
    const { written } = await swy("report first --file a.json");
    assert.equal(JSON.parse(written["a.json"] ?? "").experiments[0].ground, "simulated");
    assert.match(
      (await swy("report first -o svg --metric power-rapl")).stdout,
      /power of CPU pack/,
    );
    assert.equal((await swy("report first --file a.txt")).code, 2);
    assert.equal((await swy("report reference/seed -o csv")).code, 2);
  });
});

describe("swy bench delete", () => {
  it("asks first, and says how many rounds go", async () => {
    const { code, stderr } = await swy("delete first");
    assert.equal(code, 2);
    assert.match(stderr, /with 15 rounds, for good: not without --yes/);
    assert.equal((await swy("delete first --yes")).code, 0);
  });
});
