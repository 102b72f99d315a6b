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
  let held: { begin: () => void; released: Promise<void> } | undefined;
  /** Lets the next reading see what is enrolled as it begins, and end when it is released. */
  const hold = () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    held = { begin: begun.resolve, released: released.promise };
    return { isBegun: begun.promise, release: released.resolve };
  };
  const keys = createHostKeys(
    {
      listCredentials: async () => {
        reads += 1;
        const found = [...enrolled];
        held?.begin();
        await held?.released;
        return found;
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
  return { clock, key, enrolled, keys, message, hold, reads: () => reads };
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

  it("knows a host at once that enrolled a moment after a stranger came", async () => {
    const { keys, message, enrolled, clock } = fixture();
    const late = enrolled.pop()!; // the fixture enrolled one
    assert.equal(await keys.check(await message()), "unknown-host");
    enrolled.push(late);
    const verdict = keys.check(await message());
    await clock.advance(1_000);
    assert.equal(await verdict, "valid");
  });

  it("knows a host that enrolled while keys were read for another", async () => {
    const { keys, message, enrolled, clock, hold } = fixture();
    const late = enrolled.pop()!; // the fixture enrolled one
    const signed = await message();
    const reading = hold();
    const early = keys.check(signed);
    await reading.isBegun;
    enrolled.push(late);
    const later = keys.check(signed);
    reading.release();
    assert.equal(await early, "unknown-host");
    await clock.advance(1_000);
    assert.equal(await later, "valid");
  });

  it("does not read the database for every message of a stranger", async () => {
    const { keys, message, enrolled, reads, clock } = fixture();
    enrolled.pop();
    const signed = await message();
    const verdicts = Promise.all(Array.from({ length: 100 }, () => keys.check(signed)));
    await clock.advance(1_000);
    assert.deepEqual(new Set(await verdicts), new Set(["unknown-host"]));
    assert.equal(reads(), 1);
  });
});
