import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findProcessesWith } from "./procfs.ts";

describe("findProcessesWith", () => {
  it("finds a process by one whole word of its command line", async () => {
    const host = createScriptedHost({
      files: {
        "/proc/12/cmdline": "/srv/nic.BIN\0-q\0",
        "/proc/13/cmdline": "less\0/srv/nic.BIN.log\0",
        "/proc/meminfo": "",
      },
    });
    assert.deepEqual(await findProcessesWith(host, "/srv/nic.BIN"), [12]);
  });
});
