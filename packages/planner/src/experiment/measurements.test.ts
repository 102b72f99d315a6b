import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostLoad, parseHostId } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { environmentOf } from "./environment.ts";
import { judgeOffload } from "./judge-offload.ts";
import { loadOver } from "./load-over.ts";
import { orderModes } from "./order-modes.ts";
import { parseIperf3 } from "./parse-iperf3.ts";
import { parsePingTimes } from "./parse-ping-times.ts";

const interval = (seconds: number, rate: number) => ({
  streams: [],
  sum: { seconds, bits_per_second: rate },
});
const CLIENT = JSON.stringify({
  start: { version: "iperf 3.12", test_start: { num_streams: 4 } },
  intervals: [interval(1, 9e9)],
  end: {
    sum_sent: { bits_per_second: 8.9e9, retransmits: 17 },
    sum_received: { bits_per_second: 8.8e9, bytes: 2.2e9, seconds: 2.0002 },
  },
});
const SERVER = JSON.stringify({
  intervals: [interval(1, 8.7e9), interval(1, 8.9e9), interval(0.0004, 1e12)],
  end: {},
});

describe("parseIperf3", () => {
  it("takes the mean at the receiver and its whole seconds", () => {
    assert.deepEqual(parseIperf3(CLIENT, SERVER), {
      tool: "iperf 3.12",
      bitsPerSecond: 8.8e9,
      bytes: 2.2e9,
      seconds: 2.0002,
      bitsPerSecondOfIntervals: [8.7e9, 8.9e9],
      streamCount: 4,
      retransmits: 17,
    });
  });

  it("finds the error of a run that ended with status 0", () => {
    const error = "unable to connect to server: Connection refused";
    assert.deepEqual(parseIperf3(JSON.stringify({ start: {}, error }), ""), {
      error: `iperf3: ${error}`,
    });
  });

  it("makes no figures of what is none", () => {
    assert.deepEqual(parseIperf3("iperf3: not found", SERVER), {
      error: "iperf3: iperf3: not found",
    });
    assert.deepEqual(parseIperf3(CLIENT, ""), { error: "iperf3 server: printed nothing" });
    assert.deepEqual(parseIperf3(`{"end":{}}`, SERVER), {
      error: "iperf3: its report has no end.sum_received",
    });
    assert.ok("error" in parseIperf3(CLIENT.slice(0, -20), SERVER));
  });
});

describe("parsePingTimes", () => {
  it("reads every round trip, of iputils and of busybox", () => {
    const iputils =
      "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.061 ms\n" +
      "64 bytes from 10.0.0.2: icmp_seq=3 ttl=64 time=1.2 ms\n\n" +
      "3 packets transmitted, 2 received, 33% packet loss, time 20ms\n";
    assert.deepEqual(parsePingTimes(iputils), {
      ...{ tool: "ping", sent: 3, received: 2 },
      roundTripMicros: [61, 1200],
    });
    const busybox =
      "64 bytes from 10.0.0.2: seq=0 ttl=64 time=0.500 ms\n\n" +
      "1 packets transmitted, 1 packets received, 0% packet loss\n";
    assert.deepEqual(parsePingTimes(busybox), {
      ...{ tool: "ping", sent: 1, received: 1 },
      roundTripMicros: [500],
    });
  });

  it("says why there is none", () => {
    const lost = "2 packets transmitted, 0 received, 100% packet loss, time 10ms\n";
    assert.deepEqual(parsePingTimes(lost), { error: "ping: none of 2 came back" });
    assert.deepEqual(parsePingTimes(""), { error: "ping: printed nothing" });
  });
});

const loadAt = (seconds: number, change: Partial<HostLoad> = {}): HostLoad => ({
  monotonicMs: seconds * 1000,
  bootId: "one",
  cpuBusySeconds: seconds * 3,
  packages: [],
  ipmiWatts: undefined,
  redfishWatts: undefined,
  ...change,
});

describe("loadOver", () => {
  it("gives the mean of busy threads between the first and the last reading", () => {
    const over = loadOver([loadAt(1), loadAt(2), loadAt(5)]);
    assert.deepEqual([over?.seconds, over?.busyThreads, over?.power], [4, 3, []]);
  });

  it("adds up energy of the packages over a turn of a counter", () => {
    const counter = (joules: number) => ({ name: "package-0", joules, rangeJoules: 1000 });
    const other = (joules: number) => ({ name: "package-1", joules, rangeJoules: 1000 });
    const over = loadOver([
      loadAt(0, { packages: [counter(900), other(10)] }),
      loadAt(1, { packages: [counter(950), other(20)] }),
      loadAt(2, { packages: [counter(20), other(30)] }),
    ]);
    assert.deepEqual(over?.power, [{ source: "rapl", joules: 50 + 70 + 20, seconds: 2 }]);
  });

  it("takes watts as the area below them, and leaves out where none were read", () => {
    const over = loadOver([
      loadAt(0, { ipmiWatts: 100 }),
      loadAt(1, { ipmiWatts: 200 }),
      loadAt(2),
      loadAt(3, { ipmiWatts: 300 }),
    ]);
    assert.deepEqual(over?.power, [{ source: "ipmi", joules: 150, seconds: 1 }]);
  });

  it("says nothing of one reading, or over a boot", () => {
    assert.equal(loadOver([loadAt(1)]), undefined);
    assert.equal(loadOver([loadAt(1), loadAt(2, { bootId: "two" })]), undefined);
  });
});

describe("orderModes", () => {
  it("gives every order, and the same for the same seed", () => {
    const order = (seed: number) =>
      orderModes(["sriov", "vdpa", "vdpa-sw"], seededRandom(seed).float).join();
    const seen = new Set(Array.from({ length: 100 }, (_, seed) => order(seed)));
    assert.equal(seen.size, 6);
    assert.equal(order(7), order(7));
  });
});

describe("environmentOf", () => {
  it("names what may make two hosts differ, and leaves out what nobody knows", () => {
    const { facts } = environmentOf(parseHostId("a"), buildBareR740());
    assert.equal(facts["machine"], "Dell Inc. PowerEdge R740");
    assert.equal(facts["firmware"], "22.39.1002");
    assert.equal(facts["pcie-link"], "8 GT/s x16");
    assert.equal("bios" in facts, false);
  });
});

describe("judgeOffload", () => {
  const check = (status: "pass" | "warn" | "skip", evidence: readonly string[]) =>
    [{ id: "E01", title: "flows", status, evidence }] as const;

  it("takes flows in the card as the only proof", () => {
    const host = parseHostId("a");
    const judge = (...given: Parameters<typeof check>) => judgeOffload(host, check(...given));
    assert.deepEqual(judge("pass", ["4 of 4 flows in hardware"]), {
      ...{ host, isProven: true, found: "4 of 4 flows in hardware" },
    });
    assert.equal(judge("warn", ["0 of 4 flows in hardware"]).isProven, false);
    assert.equal(judge("skip", ["no flow between ports of the card is active"]).isProven, false);
    assert.equal(judgeOffload(host, []).found, "nobody could look at the flows");
  });
});
