import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { readClockSynchronized } from "./timedatectl.ts";

const SYSTEMD = "timedatectl show --property=NTPSynchronized --value";
const CHRONY = "chronyc -n tracking";

describe("readClockSynchronized", () => {
  const read = (commands: Readonly<Record<string, Reply>>) =>
    readClockSynchronized(createScriptedHost({ commands }));

  it("is what systemd says", async () => {
    assert.equal(await read({ [SYSTEMD]: { stdout: "yes\n" } }), true);
    assert.equal(await read({ [SYSTEMD]: { stdout: "no\n" } }), false);
  });

  it("is what chrony says where systemd does not answer", async () => {
    const failing = { exitCode: 1, stderr: "Failed to connect to bus\n" };
    const tracking = (status: string) => ({
      stdout: `Reference ID    : C0248F82\nStratum         : 3\nLeap status     : ${status}\n`,
    });
    assert.equal(await read({ [SYSTEMD]: failing, [CHRONY]: tracking("Normal") }), true);
    assert.equal(await read({ [CHRONY]: tracking("Not synchronised") }), false);
  });

  it("is unknown where nobody says", async () => {
    assert.equal(await read({}), undefined);
    assert.equal(
      await read({ [CHRONY]: { exitCode: 1, stdout: "506 Cannot talk to daemon\n" } }),
      undefined,
    );
  });
});
