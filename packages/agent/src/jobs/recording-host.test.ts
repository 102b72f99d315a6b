import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import type { CommandRecord } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { createRecordingHost } from "./recording-host.ts";

const VF_COUNT = "/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs";

function setUp() {
  const records: CommandRecord[] = [];
  const inner = createSimHost();
  const host = createRecordingHost(inner, systemClock, (record) => records.push(record));
  return { records, inner, host };
}

describe("createRecordingHost", () => {
  it("records a program with the digest of what it printed", async () => {
    const { records, host } = setUp();
    const { stdout, stderr } = await host.run({ argv: ["ip", "-j", "link", "show"] });
    assert.deepEqual(records[0]?.argv, ["ip", "-j", "link", "show"]);
    assert.equal(records[0]?.exitCode, 0);
    assert.equal(records[0]?.stderrTail, "");
    const digest = createHash("sha256").update(stdout).update(stderr).digest("hex");
    assert.equal(records[0]?.outputDigest, digest);
  });

  it("records the end of a failing program's stderr", async () => {
    const { records, host } = setUp();
    const { exitCode, stderr } = await host.run({ argv: ["ip", "link", "set", "dev", "no", "up"] });
    assert.equal(records[0]?.exitCode, exitCode);
    assert.notEqual(exitCode, 0);
    assert.equal(records[0]?.stderrTail, stderr);
  });

  it("records a program that did not start without an exit code", async () => {
    const { records, host } = setUp();
    await assert.rejects(host.run({ argv: ["no-such-program"] }));
    assert.deepEqual(records[0]?.argv, ["no-such-program"]);
    assert.equal(records[0]?.exitCode, undefined);
  });

  it("records writes, refused ones with the kernel's error", async () => {
    const { records, host } = setUp();
    await host.writeFile(VF_COUNT, "2");
    await assert.rejects(host.writeFile(VF_COUNT, "4"));
    assert.deepEqual(
      records.map(({ argv, exitCode, stderrTail }) => ({ argv, exitCode, stderrTail })),
      [
        { argv: ["write", VF_COUNT, "2"], exitCode: 0, stderrTail: "" },
        { argv: ["write", VF_COUNT, "4"], exitCode: 1, stderrTail: "EBUSY" },
      ],
    );
  });

  it("records no reads of files", async () => {
    const { records, host } = setUp();
    await host.readFile(VF_COUNT);
    assert.deepEqual(records, []);
  });
});
