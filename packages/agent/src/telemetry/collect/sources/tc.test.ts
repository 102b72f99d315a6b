import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { tcSource } from "./tc.ts";

const PF = "0000:82:00.0";
/** One PF in switchdev mode with one VF. */
const inventory = {
  ovs: { isRunning: true, hwOffload: true },
  nics: [
    {
      pfs: [
        {
          ...{ pciAddress: PF, eswitchMode: "switchdev", link: { netdev: "p0" } },
          vfs: [{ representor: { netdev: "eth0" } }],
        },
      ],
    },
  ],
} as unknown as Inventory;

/** One rule in hardware, with what the card handled of it. */
const rule = (packets: number) => [
  { protocol: "ip", pref: 2, kind: "flower", chain: 0 },
  {
    ...{ protocol: "ip", pref: 2, kind: "flower", chain: 0 },
    options: {
      ...{ handle: 1, in_hw: true },
      actions: [{ kind: "mirred", stats: { packets, hw_packets: packets } }],
    },
  },
];

/** Reads with so many packets on the port's rule; undefined: the port could not be read. */
function world() {
  const source = tcSource();
  const clock = new ManualClock(0);
  const read = async (packets: number | undefined) => {
    const host = createScriptedHost({
      commands: {
        "tc -s -j filter show dev p0 ingress": { stdout: "[]" },
        "tc -s -j filter show dev eth0 ingress":
          packets === undefined
            ? { exitCode: 2, stderr: "RTNETLINK answers: Resource temporarily unavailable\n" }
            : { stdout: JSON.stringify(rule(packets)) },
      },
    });
    const values: Record<string, number | undefined> = {};
    await source.read({
      ...{ host, clock, inventory },
      add: (metric, object, value) => {
        values[`${metric} ${object}`] = value;
      },
      attempt: (attempted) => attempted().catch(() => undefined),
    });
    return values;
  };
  return { read };
}

describe("tc filters", () => {
  it("counts packets once over a pass in which a port could not be read, and no rules in it", async () => {
    const { read } = world();
    await read(1_000);
    assert.equal((await read(1_010))[`tc.packets ${PF}/yes`], 10);
    const unread = await read(undefined);
    assert.equal(unread[`tc.packets ${PF}/yes`], 10);
    assert.equal(unread[`tc.filters ${PF}/yes`], undefined);
    const again = await read(1_025);
    assert.equal(again[`tc.packets ${PF}/yes`], 25);
    assert.equal(again[`tc.filters ${PF}/yes`], 1);
  });
});
