import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DispatchError, parseHostId } from "@switchyard/model";
import { type EnrollCall, type EnrollRequest, enroll } from "./enroll.ts";
import { findIdentity, loadOrCreateHostKey } from "./identity.ts";

const host = parseHostId("host-a");
const answer = {
  hostEpoch: 4,
  natsServers: ["nats://10.0.0.1:4222"],
  controllers: [{ keyId: "k1", publicKey: Buffer.alloc(32, 7) }],
};

describe("enroll", () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "sy-enroll-"));
    folder = join(parent, "agent");
  });
  afterEach(() => rm(parent, { recursive: true }));

  const asked: EnrollRequest[] = [];
  const call: EnrollCall = async (request) => {
    asked.push(request);
    return answer;
  };
  const options = () => ({ folder, host, token: "secret", agentVersion: "1", call });

  it("keeps the answer, and a key that only its owner may read", async () => {
    await enroll(options());
    const identity = await findIdentity(folder);
    assert.equal(identity?.hostEpoch, 4);
    assert.deepEqual(identity?.controllers[0]?.publicKey, Buffer.alloc(32, 7));
    const { mode } = await stat(join(folder, "host.nk"));
    assert.equal(mode & 0o777, 0o600);
  });

  it("sends the public half of the same key every time", async () => {
    await enroll(options());
    await enroll(options());
    const [first, second] = asked.slice(-2);
    assert.match(first?.nkeyPublic ?? "", /^U[A-Z2-7]{55}$/);
    assert.equal(first?.nkeyPublic, second?.nkeyPublic);
  });

  it("keeps the key and no identity when the controller refuses", async () => {
    const refused: EnrollCall = () =>
      Promise.reject(new DispatchError("TOKEN_INVALID", "the token was used"));
    await assert.rejects(enroll({ ...options(), call: refused }), { reason: "TOKEN_INVALID" });
    assert.equal(await findIdentity(folder), undefined);
    const { nkeyPublic } = await loadOrCreateHostKey(folder);
    await enroll(options());
    assert.equal(asked.at(-1)?.nkeyPublic, nkeyPublic);
  });
});
