import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listInterfaceStatistics } from "./statistics.ts";

const ARGV =
  "ovs-vsctl --timeout=10 --format=json --columns=name,ofport,error,link_state,statistics list Interface";

describe("listInterfaceStatistics", () => {
  it("reads counters, and tells an interface that is up from one without a device or link", async () => {
    const stdout = JSON.stringify({
      data: [
        [
          "eth0",
          2,
          ["set", []],
          "up",
          [
            "map",
            [
              ["rx_bytes", 100],
              ["tx_bytes", 7],
            ],
          ],
        ],
        [
          "eth7",
          -1,
          "could not open network device eth7 (No such device)",
          ["set", []],
          ["map", []],
        ],
        ["eth1", 3, ["set", []], "down", ["map", [["rx_bytes", 0]]]],
      ],
      headings: ["name", "ofport", "error", "link_state", "statistics"],
    });
    const host = createScriptedHost({ commands: { [ARGV]: { stdout } } });
    const found = await listInterfaceStatistics(host);
    assert.deepEqual(
      found.map(({ name, isUp, counters }) => [name, isUp, Object.fromEntries(counters)]),
      [
        ["eth0", true, { rx_bytes: 100, tx_bytes: 7 }],
        ["eth7", false, {}],
        ["eth1", false, { rx_bytes: 0 }],
      ],
    );
  });

  it("fails while the database does not answer", async () => {
    const stderr =
      "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)\n";
    const host = createScriptedHost({ commands: { [ARGV]: { exitCode: 1, stderr } } });
    await assert.rejects(listInterfaceStatistics(host), { reason: "OVS_NOT_RUNNING" });
  });
});
