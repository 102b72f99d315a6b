import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  AGENT_VERSION,
  createGrpcEnrollCall,
  enroll,
  loadOrCreateHostKey,
} from "@switchyard/agent";
import { createAgentBus } from "@switchyard/bus";
import { parseHostId } from "@switchyard/model";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { type Installed, install } from "./installed.ts";

const HOST = parseHostId("r740-01");

describe("the packaged control plane", () => {
  let installed: Installed;
  let folder: string;
  before(async () => {
    installed = await install();
    folder = await mkdtemp(join(tmpdir(), "sy-host-"));
  });
  after(async () => {
    await installed.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("tells systemd once that it is ready, and has made its tables as the owner of its database", async () => {
    assert.equal(await installed.toldSystemd(), "--ready\n");
    assert.deepEqual(JSON.parse(await installed.swy("host", "list", "--output", "json")), {
      hosts: [],
    });
  });

  it("checks its configuration while it runs, and says nothing secret", async () => {
    const said = await installed.controller("--check-config");
    assert.match(said, /TLS, 1 tokens/);
    assert.doesNotMatch(said, /p4ss/);
  });

  it("lets a host enrol and onto the bus, both over TLS, with no process signalled", async () => {
    const caFile = join(installed.folder, "tls/ca.pem");
    const said = await installed.swy("host", "enroll", HOST, "--output", "json");
    const { token } = JSON.parse(said) as { readonly token: string };
    const call = createGrpcEnrollCall({ isInsecure: false, nowMs: () => systemClock.nowMs() });
    const identity = await enroll({
      ...{ folder, host: HOST, token, agentVersion: AGENT_VERSION },
      call: call(installed.address, caFile),
    });
    assert.deepEqual(identity.natsServers, [installed.natsAddress]);
    const bus = await createAgentBus({
      servers: identity.natsServers,
      host: HOST,
      hostEpoch: identity.hostEpoch,
      key: await loadOrCreateHostKey(folder),
      controllers: identity.controllers,
      tls: { caFile, certFile: undefined, keyFile: undefined },
      ...{ clock: systemClock, random: systemRandom, log: silentLogger },
    });
    assert.equal(await bus.roundTrip(5_000), true);
    await bus.close();
  });
});
