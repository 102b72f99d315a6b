import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHostKey } from "@switchyard/bus";
import { parseHostId } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { createHostKeys } from "./host-keys.ts";

const host = parseHostId("host-a");

function fixture() {
  const clock = new ManualClock();
  const key = createHostKey();
  const enrolled = [{ id: host, nkeyPublic: key.nkeyPublic, hostEpoch: 1, shard: 0 }];
  let reads = 0;
  const keys = createHostKeys(
    {
      listCredentials: async () => {
        reads += 1;
        return [...enrolled];
      },
    },
    clock,
  );
  const bytes = Buffer.from("what was signed");
  const message = async (hostEpoch = 1) => ({
    host,
    hostEpoch,
    signedBytes: bytes,
    signature: key.sign(bytes),
  });
  return { clock, key, enrolled, keys, message, reads: () => reads };
}

describe("createHostKeys", () => {
  it("takes what the host signed", async () => {
    const { keys, message } = fixture();
    assert.equal(await keys.check(await message()), "valid");
  });

  it("refuses other bytes, other keys and short signatures", async () => {
    const { keys, message } = fixture();
    const signed = await message();
    const other = createHostKey().sign(signed.signedBytes);
    for (const forged of [
      { ...signed, signedBytes: Buffer.from("something else") },
      { ...signed, signature: other },
      { ...signed, signature: Buffer.alloc(3) },
    ]) {
      assert.equal(await keys.check(forged), "wrong-signature");
    }
  });

  it("gives each of many messages its own verdict", async () => {
    const { keys, message } = fixture();
    const valid = await message();
    const messages = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? valid : { ...valid, signedBytes: Buffer.from("other") },
    );
    const verdicts = await keys.checkAll(messages);
    assert.deepEqual(
      verdicts,
      messages.map((each) => (each === valid ? "valid" : "wrong-signature")),
    );
  });

  it("refuses an older enrolment", async () => {
    const { keys, message, enrolled } = fixture();
    enrolled[0] = { ...enrolled[0]!, hostEpoch: 2 }; // the fixture enrolled one
    assert.equal(await keys.check(await message(1)), "wrong-epoch");
  });

  it("learns of a host that enrolled since", async () => {
    const { keys, message, enrolled, clock } = fixture();
    const late = enrolled.pop();
    assert.equal(await keys.check(await message()), "unknown-host");
    if (late !== undefined) enrolled.push(late);
    await clock.advance(1_000);
    assert.equal(await keys.check(await message()), "valid");
  });

  it("does not read the database for every message of a stranger", async () => {
    const { keys, message, enrolled, reads } = fixture();
    enrolled.pop();
    const signed = await message();
    for (let count = 0; count < 100; count += 1) await keys.check(signed);
    assert.equal(reads(), 1);
  });
});
