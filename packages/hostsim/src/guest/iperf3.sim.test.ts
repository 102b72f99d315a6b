import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { guestExec } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { createSimFleet } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { configureGuest } from "../testing/guest.ts";
import { MACS, prepare, qemuArgv, run } from "../testing/seed-procedure.ts";

const [SENDER, RECEIVER] = ["192.168.101.20", "192.168.101.21"] as const;
const VM = "vm-0";
const GBIT = 1e9;

interface Report {
  readonly error?: string;
  readonly intervals: readonly unknown[];
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

describe("iperf3 in simulated guests", () => {
  let left: SimHost;
  let right: SimHost;
  const inGuest = async (host: SimHost, ...argv: readonly string[]): Promise<Report> => {
    const options = { timeoutMs: 20_000, clock: systemClock };
    const words = ["iperf3", "-J", ...argv] as const;
    const path = vmPaths(VM).guestAgentSocket;
    const { stdout } = await guestExec(
      host,
      path,
      words as readonly [string, ...string[]],
      options,
    );
    return JSON.parse(stdout) as Report;
  };
  const counter = async (host: SimHost, file: string): Promise<number> =>
    Number(await host.readFile(`/sys/class/net/eth0/statistics/${file}`));

  before(async () => {
    [left, right] = createSimFleet({ hosts: 2, seed: 5 }).hosts as [SimHost, SimHost];
    for (const [host, mac, address] of [
      [left, MACS[0], SENDER],
      [right, MACS[1], RECEIVER],
    ] as const) {
      await prepare(host, [mac]);
      await host.makeFolder(vmPaths(VM).folder);
      await run(host, qemuArgv(VM, 0, mac));
      await configureGuest(host, VM, `${address}/24`);
    }
  });

  it("is refused where nobody listens, with status 0 and an error", async () => {
    const { error } = await inGuest(left, "-c", RECEIVER, "-p", "5999", "-t", "1");
    assert.equal(error, "unable to connect to server: Connection refused");
    const unknown = await inGuest(left, "-c", "192.168.101.99", "-t", "1");
    assert.equal(unknown.error, "unable to connect to server: No route to host");
  });

  it("reports the same run at both ends, of software where no flow is offloaded", async () => {
    const before = await counter(left, "rx_bytes");
    const serving = inGuest(right, "-s", "-1", "-p", "5201");
    const sent = await inGuest(left, "-c", RECEIVER, "-p", "5201", "-t", "2", "-P", "4");
    const received = await serving;
    assert.equal(sent.error, undefined);
    const rate = sent.end.sum_received.bits_per_second;
    assert.equal(received.end.sum_received.bits_per_second, rate);
    assert.equal(received.intervals.length, 2);
    assert.ok(rate > 24 * GBIT && rate < 32 * GBIT, `${rate / GBIT} Gbit/s`);
    // What software forwards is counted at the representor, with the headers of each packet.
    const moved = (await counter(left, "rx_bytes")) - before;
    assert.ok(moved > (2 * rate) / 8 && moved < (2.2 * rate) / 8, `${moved} bytes`);
  });
});
