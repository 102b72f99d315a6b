import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readThreadCpus, setThreadCpus } from "./taskset.ts";

describe("taskset", () => {
  it("reads the CPUs of a thread and sets them", async () => {
    const host = createScriptedHost({
      commands: {
        "taskset -pc 4711": { stdout: "pid 4711's current affinity list: 0-79\n" },
        "taskset -pc 3 4711": {
          stdout: "pid 4711's current affinity list: 0-79\npid 4711's new affinity list: 3\n",
        },
      },
    });
    assert.equal(await readThreadCpus(host, 4711), "0-79");
    await setThreadCpus(host, 4711, "3");
    assert.deepEqual(host.ran, ["taskset -pc 4711", "taskset -pc 3 4711"]);
  });

  it("passes on that a thread is gone, and does not guess at what it can't read", async () => {
    const stderr = "taskset: failed to get pid 4711's affinity: No such process\n";
    const gone = createScriptedHost({ commands: { "taskset -pc 4711": { exitCode: 1, stderr } } });
    await assert.rejects(readThreadCpus(gone, 4711), { reason: "COMMAND_FAILED" });
    const odd = createScriptedHost({ commands: { "taskset -pc 4711": { stdout: "?\n" } } });
    await assert.rejects(readThreadCpus(odd, 4711), { reason: "COMMAND_OUTPUT_UNREADABLE" });
  });
});
