import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SwitchyardError } from "@switchyard/model";
import { serverCredentials } from "./listen.ts";

const refusal = (error: unknown): boolean =>
  error instanceof SwitchyardError && error.reason === "CONFIG_INVALID";

describe("serverCredentials", () => {
  it("refuses to go without TLS unless told to", async () => {
    const options = { address: "127.0.0.1:1", tls: undefined, insecureLoopback: false };
    await assert.rejects(serverCredentials(options), refusal);
  });

  it("refuses to go without TLS where others can reach it, also when told to", async () => {
    for (const address of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "r740-07:1", "localhost.evil:1"]) {
      const options = { address, tls: undefined, insecureLoopback: true };
      await assert.rejects(serverCredentials(options), refusal, address);
    }
  });

  it("goes without TLS on loopback when told to", async () => {
    for (const address of ["127.0.0.1:1", "[::1]:1", "localhost:1"]) {
      const options = { address, tls: undefined, insecureLoopback: true };
      assert.ok(await serverCredentials(options), address);
    }
  });
});
