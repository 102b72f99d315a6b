import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHECKS, REASONS, SYMPTOMS } from "@switchyard/model";
import { runFake } from "../../testing/fake-io.ts";

const explain = (...args: readonly string[]) =>
  runFake(["explain", ...args], { env: { SWY_ADDR: "127.0.0.1:1" } });

describe("swy explain", () => {
  it("has cause, checks and fix for a reason", async () => {
    const { code, stdout } = await explain("ESWITCH_FIRMWARE_TOO_OLD");
    assert.equal(code, 0);
    assert.match(stdout, /cause +the firmware is older than 22\.39\.10\.02/);
    assert.match(stdout, /check +C01: the NIC's firmware takes switchdev mode/);
    assert.match(stdout, /try +Update the firmware/);
    assert.match(stdout, /doc +docs\/diagnosis\.md/);
  });

  it("has them for a check and for an entry of the catalogue, however it is typed", async () => {
    const check = await explain("c10");
    assert.match(check.stdout, /^C10\n +passes when +PFs and representors .* up/);
    assert.match(check.stdout, /run it +swy doctor HOST --only C10/);
    const lint = await explain("lint-mtu");
    assert.match(lint.stdout, /^LINT-MTU\n/);
    const entry = await explain("A05");
    assert.match(entry.stdout, /^A05\n +cause .*VF count/);
  });

  it("has something to try for every reason, check and entry there is", async () => {
    for (const code of [
      ...Object.keys(REASONS),
      ...Object.keys(CHECKS),
      ...Object.keys(SYMPTOMS),
    ]) {
      const { code: exitCode, stdout } = await explain(code);
      assert.equal(exitCode, 0, code);
      assert.match(stdout, /\n +try +\S/, code);
    }
  });

  it("lists all of them, gives JSON, and proposes a code that is near", async () => {
    const all = await explain();
    assert.ok(all.stdout.includes("LINT-ONE-BRIDGE") && all.stdout.includes("NO_CAPACITY"));
    const json = JSON.parse((await explain("OVS_NOT_RUNNING", "-o", "json")).stdout) as {
      readonly checks: readonly string[];
    };
    assert.deepEqual(json.checks, ["E10"]);
    const unknown = await explain("FIRMWARE_BAD");
    assert.equal(unknown.code, 3);
    assert.match(
      unknown.stderr,
      /no reason and no check is called FIRMWARE_BAD\n +try +swy explain/,
    );
  });
});
