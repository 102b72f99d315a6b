import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readVswitchdLog } from "./log.ts";

const LOG = "/var/log/openvswitch/ovs-vswitchd.log";
const LINE = "2026-01-01T00:00:00.000Z|00042|tc|INFO|Using policy 'none'";

const read = (text: string) =>
  readVswitchdLog(
    createScriptedHost({
      files: { [LOG]: text },
      commands: { [`stat -L -c %s -- ${LOG}`]: { stdout: `${text.length}\n` } },
    }),
  );

describe("readVswitchdLog", () => {
  it("reads whole lines from the end of a long log", async () => {
    assert.deepEqual(await read(`${LINE}\n${LINE}\n`), [LINE, LINE]);
    const long = await read(`${LINE}\n`.repeat(2000));
    assert.ok(long.length > 1000 && long.length < 2000);
    assert.deepEqual(new Set(long), new Set([LINE]));
  });

  it("finds none where vswitchd writes no log", async () => {
    assert.deepEqual(await readVswitchdLog(createScriptedHost({})), []);
  });
});
