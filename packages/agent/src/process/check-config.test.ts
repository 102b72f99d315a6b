import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createHostKey } from "@switchyard/bus";
import { parseHostId } from "@switchyard/model";
import { saveIdentity } from "../enrolment/identity.ts";
import { checkConfig } from "./check-config.ts";

describe("checkConfig", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-check-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const check = (change: Readonly<Record<string, string>> = {}) =>
    checkConfig({
      SY_CONFIG: join(folder, "absent.yaml"),
      SY_HOST: "r740-01",
      SY_DATA_FOLDER: folder,
      ...change,
    });
  const namesPlace =
    (field: string) => (error: { readonly metadata: { readonly found: string } }) =>
      error.metadata.found === field;

  it("says of an enrolled host where its bus is", async () => {
    const key = createHostKey();
    await saveIdentity(folder, {
      host: parseHostId("r740-01"),
      hostEpoch: 1,
      natsServers: ["nats.example:4222"],
      controllers: [{ keyId: key.nkeyPublic.slice(0, 16), publicKey: Buffer.alloc(32) }],
    });
    assert.match((await check()).join("\n"), /enrolled; NATS at nats\.example:4222/);
  });

  it("says where a host would enrol, and makes nothing", async () => {
    const token = join(folder, "token");
    await writeFile(token, "t");
    const said = await check({
      SY_CONTROLLER_ADDRESS: "controller.example:7443",
      SY_ENROLLMENT_TOKEN_FILE: token,
    });
    assert.match(said.join("\n"), /would enrol at controller\.example:7443/);
    assert.deepEqual(await readdir(folder), ["token"]);
  });

  it("names what a host that is not enrolled lacks", async () => {
    const address = { SY_CONTROLLER_ADDRESS: "controller.example:7443" };
    await assert.rejects(check(), namesPlace("controller_address"));
    await assert.rejects(check(address), namesPlace("enrollment_token_file"));
    const absent = { SY_ENROLLMENT_TOKEN_FILE: join(folder, "absent") };
    await assert.rejects(check({ ...address, ...absent }), namesPlace("enrollment_token_file"));
    await assert.rejects(check({ SY_CA_FILE: join(folder, "absent.pem") }), namesPlace("ca_file"));
  });
});
