import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId } from "@switchyard/model";
import { createControllerVerifier, createSigningKey } from "../keys/signing-key.ts";
import { createRequestGate, REQUEST_TTL_MS, signRequest } from "./signed-request.ts";

const host = parseHostId("host-a");
const key = createSigningKey();
const NOW_MS = 1_700_000_000_000;
const request = {
  host,
  hostEpoch: 2,
  verb: "console",
  id: "00112233445566778899aabbccddeeff",
  expireAtMs: NOW_MS + REQUEST_TTL_MS,
  params: { vm: "web-1", who: "ada" },
};

const gateAt = (nowMs: () => number) =>
  createRequestGate({ host, hostEpoch: 2, verify: createControllerVerifier([key]), nowMs });

describe("a signed request", () => {
  it("is taken once", async () => {
    const gate = gateAt(() => NOW_MS);
    const signed = signRequest(request, key);
    assert.deepEqual(await gate.admit("console", signed), {
      id: request.id,
      params: request.params,
    });
    assert.equal(await gate.admit("console", signed), undefined);
  });

  it("is refused for another verb, host, enrolment, time, signer, or without one", async () => {
    const gate = gateAt(() => NOW_MS);
    const refused = async (change: object, signer = key) =>
      (await gate.admit("console", signRequest({ ...request, ...change }, signer))) === undefined;
    assert.equal(await refused({ verb: "exec" }), true);
    assert.equal(await refused({ host: parseHostId("host-b") }), true);
    assert.equal(await refused({ hostEpoch: 1 }), true);
    assert.equal(await refused({ expireAtMs: NOW_MS }), true);
    assert.equal(await refused({ expireAtMs: NOW_MS + 3 * REQUEST_TTL_MS }), true);
    assert.equal(await refused({ id: "guess.me" }), true);
    assert.equal(await refused({}, createSigningKey()), true);
    assert.equal(await gate.admit("console", undefined), undefined);
    assert.equal(await refused({}), false);
  });

  it("is refused when a part of it was changed", async () => {
    const gate = gateAt(() => NOW_MS);
    const signed = signRequest(request, key);
    const changed = { ...signed, paramsJson: Buffer.from('{"vm":"web-2","who":"ada"}') };
    assert.equal(await gate.admit("console", changed), undefined);
  });

  it("is forgotten only when it has expired", async () => {
    let nowMs = NOW_MS;
    const gate = gateAt(() => nowMs);
    const signed = signRequest(request, key);
    await gate.admit("console", signed);
    nowMs += REQUEST_TTL_MS - 1;
    assert.equal(await gate.admit("console", signed), undefined);
    nowMs += 1;
    assert.equal(await gate.admit("console", signed), undefined);
  });
});
