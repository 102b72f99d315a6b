import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readDatapathFlows } from "./flows.ts";

describe("readDatapathFlows", () => {
  const argv = "ovs-appctl --timeout=10 dpctl/dump-flows -m type=all";

  it("tells the card's flows from those in software, and leaves a cut line out", async () => {
    const stdout = fixture(import.meta.url, "dump-flows.reference.txt");
    const flows = await readDatapathFlows(createScriptedHost({ commands: { [argv]: { stdout } } }));
    assert.deepEqual(flows, [
      {
        ufid: "1f2e4a10-0000-4000-8000-000000000001",
        ...{ inPort: "eth0", actions: "enp130s0f0np0", isOffloaded: true, place: "card" },
        ...{ packets: 1234567, bytes: 1234567890 },
      },
      {
        ufid: "1f2e4a10-0000-4000-8000-000000000002",
        ...{ inPort: "enp130s0f0np0", actions: "eth0", isOffloaded: false, place: "tc-software" },
        ...{ packets: 12, bytes: 1200 },
      },
      {
        ufid: "1f2e4a10-0000-4000-8000-000000000003",
        ...{ inPort: "cxbr0", actions: "eth0", isOffloaded: false, place: "kernel" },
        ...{ packets: 0, bytes: 0 },
      },
    ]);
  });

  it("fails while vswitchd does not run", async () => {
    const stderr = 'ovs-appctl: cannot read pidfile "/var/run/openvswitch/ovs-vswitchd.pid"\n';
    const host = createScriptedHost({ commands: { [argv]: { exitCode: 1, stderr } } });
    await assert.rejects(readDatapathFlows(host), { reason: "COMMAND_FAILED" });
  });
});
