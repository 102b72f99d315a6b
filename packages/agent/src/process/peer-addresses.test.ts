import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "@switchyard/runtime";
import { hostPartOf, peerAddresses } from "./peer-addresses.ts";

describe("hostPartOf", () => {
  const forms: Readonly<Record<string, string>> = {
    "10.0.0.5:4222": "10.0.0.5",
    "nats://10.0.0.5:4222": "10.0.0.5",
    "tls://bus.example:4222": "bus.example",
    "controller.example": "controller.example",
    "[fd00::5]:7443": "fd00::5",
    "fd00::5": "fd00::5",
  };
  for (const [server, host] of Object.entries(forms)) {
    it(`finds ${host} in ${server}`, () => assert.equal(hostPartOf(server), host));
  }
});

describe("peerAddresses", () => {
  it("takes every address once and leaves out what has none", async () => {
    const found = await peerAddresses(
      ["10.0.0.5:4222", "nats://10.0.0.5:4222", "no.invalid:1"],
      systemClock,
    );
    assert.deepEqual(found, ["10.0.0.5"]);
  });
});
