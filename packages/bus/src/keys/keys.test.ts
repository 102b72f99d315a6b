import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemRandom } from "@switchyard/runtime";
import { nkeys } from "nats";
import {
  createHostKey,
  createHostVerifier,
  hostKeyFromSeed,
  parseNkeyPublic,
  sealForHost,
} from "./host-key.ts";
import { loadOrCreateSigningKey } from "./signing-key.ts";

describe("loadOrCreateSigningKey", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "switchyard-key-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("gives one key to controllers that start at once, and the same one later", async () => {
    const path = join(folder, "sub", "key.pem");
    const keys = await Promise.all(
      Array.from({ length: 8 }, () => loadOrCreateSigningKey(path, systemRandom)),
    );
    const ids = new Set(keys.map((key) => key.keyId));
    assert.equal(ids.size, 1);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("refuses a key that others can read", async () => {
    const path = join(folder, "open.pem");
    await loadOrCreateSigningKey(path, systemRandom);
    await chmod(path, 0o644);
    await assert.rejects(loadOrCreateSigningKey(path, systemRandom), {
      reason: "FILE_ACCESS_FAILED",
    });
  });
});

describe("host key", () => {
  it("opens what was sealed to it, again and again, and nothing else", () => {
    const [own, other] = [createHostKey(), createHostKey()];
    const secret = Buffer.from(systemRandom.hex(32), "hex");
    const sealed = sealForHost(own.nkeyPublic, secret, "a test");
    assert.notEqual(sealed, sealForHost(own.nkeyPublic, secret, "a test"));
    for (const key of [own, own, hostKeyFromSeed(own.seed)]) {
      assert.deepEqual(key.unseal(sealed, "a test"), secret);
    }
    const changed = Buffer.from(sealed, "base64url");
    changed[changed.length - 1]! ^= 1;
    for (const open of [
      () => other.unseal(sealed, "a test"),
      () => own.unseal(sealed, "another"),
      () => own.unseal(changed.toString("base64url"), "a test"),
      () => own.unseal("", "a test"),
    ]) {
      assert.throws(open, { reason: "FIELD_INVALID" });
    }
    assert.throws(() => sealForHost("UABC", secret, "a test"), { reason: "FIELD_INVALID" });
  });

  it("signs as the nkeys library does", async () => {
    const key = createHostKey();
    const bytes = Buffer.from("bytes");
    const reference = nkeys.fromSeed(Buffer.from(key.seed));
    assert.deepEqual(key.sign(bytes), Buffer.from(reference.sign(bytes)));
    assert.ok(
      await createHostVerifier()(
        key.nkeyPublic,
        { bytes, signature: reference.sign(bytes) },
        "pool",
      ),
    );
  });

  it("is the same key again from its seed", () => {
    const key = createHostKey();
    assert.equal(hostKeyFromSeed(key.seed).nkeyPublic, key.nkeyPublic);
  });

  it("is refused when a character of it is wrong", () => {
    const { nkeyPublic, seed } = createHostKey();
    const swapped = nkeyPublic.endsWith("A") ? "B" : "A";
    const malformed = ["", "U", seed, nkeyPublic.toLowerCase(), nkeyPublic.slice(0, -1) + swapped];
    for (const text of malformed) {
      assert.throws(() => parseNkeyPublic(text), { reason: "FIELD_INVALID" });
    }
    assert.throws(() => hostKeyFromSeed(nkeyPublic), { reason: "FIELD_INVALID" });
  });
});
