import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { METRICS } from "@switchyard/model";
import { sparkline } from "../../output/sparkline.ts";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

let controller: FakeController;
before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string, options: { readonly isTty?: boolean } = {}) =>
  runFake(line.split(" "), {
    env: { SWY_ADDR: controller.address, LANG: "C.UTF-8", NO_COLOR: "1" },
    ...options,
  });
const lastQuery = () => controller.requests.findLast(({ method }) => method === "querySeries");

describe("swy metrics query", () => {
  it("shows a row per group, traffic in bits, and of what kind the hosts are", async () => {
    const { code, stdout, stderr } = await swy("metrics query nic.vf.rx_bytes --by host");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^HOST +KIND +LAST +MIN +MEAN +MAX +POINTS\n/);
    assert.match(stdout, /host-1 +simulated +24 Gbit\/s +8 Gbit\/s +16 Gbit\/s +24 Gbit\/s +3\n/);
    assert.match(stderr, /from rollup-1m/);
  });

  it("asks for what the line says: hosts, labels, range, step, aggregation", async () => {
    const line = "metrics query host.power --host r740-01 -l rack=a --since 2h --step 5m --agg p95";
    await swy(`${line} --by host,label:rack`);
    const request = lastQuery()?.request as Record<string, unknown>;
    assert.deepEqual(request["hosts"], ["hosts/r740-01"]);
    assert.deepEqual(request["labelSelector"], { rack: "a" });
    assert.deepEqual(request["groupBy"], ["host", "label:rack"]);
    assert.deepEqual(request["step"], { seconds: 300n, nanos: 0 });
    const [start, end] = [request["startTime"], request["endTime"]] as [Date, Date];
    assert.ok(Math.abs(end.getTime() - start.getTime() - 7_200_000) < 10);
  });

  it("takes the rate of a counter and the mean of a gauge unless told", async () => {
    await swy("metrics query vm.cpu_seconds");
    const counter = lastQuery()?.request["aggregation"];
    await swy("metrics query host.power");
    assert.notEqual(lastQuery()?.request["aggregation"], counter);
  });

  it("draws a line of the values on a terminal, with gaps as gaps", async () => {
    const { stdout } = await swy("metrics query host.power --since 6m --by host", { isTty: true });
    assert.match(stdout, /TREND\n/);
    assert.match(stdout, /▁▅█/);
    assert.equal(sparkline([0, undefined, 10], { width: 9, isUnicode: false }), "_ @");
    assert.equal(sparkline([1, 9, 2, 3], { width: 2, isUnicode: true }), "█▁");
  });

  it("prints points as CSV, and the answer as JSON", async () => {
    const { stdout } = await swy("metrics query host.power --by host -o csv");
    const [head, first] = stdout.split("\n");
    assert.equal(head, "time,host,kind,value");
    assert.match(first ?? "", /^\d{4}-.*Z,host-1,simulated,1000000000$/);
    const { series } = JSON.parse((await swy("metrics query host.power -o json")).stdout);
    assert.equal(series.length, 2);
  });

  it("refuses what is no metric, and says where they are named", async () => {
    const { code, stderr } = await swy("metrics query nic.vf.bytes");
    assert.equal(code, 2);
    assert.match(stderr, /swy metrics list/);
  });
});

describe("swy metrics top", () => {
  it("orders hosts by the figure that is asked for", async () => {
    const { code, stdout, stderr } = await swy("metrics top --by rx --limit 1");
    assert.equal(code, 0, stderr);
    const columns = "HOST KIND CPU MEMORY RX TX RX.PACKETS TX.PACKETS POWER HARDWARE SLOW.PATH VMS";
    assert.match(stdout, new RegExp(`^${columns.replaceAll(" ", " +")}\n`));
    assert.match(stdout, /host-2 +simulated +6000000000 +0 B +48 Gbit\/s/);
    assert.doesNotMatch(stdout, /host-1/);
  });

  it("shows what each VM sends and receives, ordered by any column, and of what kind its host is", async () => {
    const { code, stdout, stderr } = await swy("metrics top --per vm --by tx-packets");
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^HOST +VM +KIND +CPU +MEMORY +RX +TX +RX PACKETS +TX PACKETS +SLOW PATH\n/,
    );
    const [, most, least] = stdout.split("\n");
    assert.match(
      most ?? "",
      /^host-2 +object-2 +simulated .* 48 Gbit\/s +48 Gbit\/s +6000000000 \/s/,
    );
    assert.match(most ?? "", / 50 %$/);
    assert.match(least ?? "", /^host-1 +object-1 /);
    const names = await swy("metrics top --per vm --by name -o name");
    assert.equal(names.stdout, "host-1 object-1\nhost-2 object-2\n");
    const { vms } = JSON.parse((await swy("metrics top --per vm -o json")).stdout);
    assert.deepEqual([vms[0].kind, vms[0]["tx-packets"]], ["simulated", 6e9]);
  });

  it("asks for each metric once, also where several figures need it", async () => {
    controller.requests.length = 0;
    await swy("metrics top");
    const asked = controller.requests.map(
      ({ request }) => `${request["metric"]} ${request["aggregation"]}`,
    );
    assert.equal(new Set(asked).size, asked.length);
    assert.equal(asked.length, 18);
  });

  it("refuses a figure that the rows don't have", async () => {
    const { code, stderr } = await swy("metrics top --per vm --by power");
    assert.equal(code, 2);
    assert.match(stderr, /cpu, memory, rx, tx, rx-packets, tx-packets, slow-path/);
  });
});

describe("swy metrics list", () => {
  it("names every metric, also where no controller is", async () => {
    const { stdout } = await runFake(["metrics", "list", "-o", "name"]);
    assert.deepEqual(stdout.trim().split("\n"), Object.keys(METRICS));
  });
});

describe("completion of metrics", () => {
  it("offers names and how to aggregate", async () => {
    const { stdout } = await swy("__complete metrics query host.power");
    assert.match(stdout, /^host\.power\t/);
    const how = await swy("__complete metrics query host.power --agg p9");
    assert.match(how.stdout, /^p95\t\np99\t\n$/);
  });
});
