import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { ByteSocket } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { addVdpa, MACS, makeVfs, startVm } from "../testing/seed-procedure.ts";

/** Reads until the text is seen; the machine answers at once, so there is nothing to time out on. */
async function readUntil(socket: ByteSocket, wanted: string): Promise<string> {
  let text = "";
  while (!text.includes(wanted)) {
    const bytes = await socket.read();
    assert.ok(bytes !== undefined, `the console ended before ${JSON.stringify(wanted)}: ${text}`);
    text += Buffer.from(bytes).toString();
  }
  return text;
}

const type = (socket: ByteSocket, text: string) => socket.write(Buffer.from(text));

describe("a guest's serial console", () => {
  let host: SimHost;
  beforeEach(async () => {
    host = createSimHost();
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
  });
  const connect = () => host.connectByteSocket(vmPaths("a").serialSocket);

  it("logs the boot while nobody is connected", async () => {
    const log = await host.readFile(vmPaths("a").serialLog);
    assert.match(log, /Linux version/);
    assert.match(log, /a login: $/);
  });

  it("lets root in where root has no password, and runs commands", async () => {
    const socket = await connect();
    await type(socket, "root\r");
    await readUntil(socket, "[root@a ~]# ");
    await type(socket, "hostname\r");
    assert.equal(await readUntil(socket, "]# "), "hostname\r\na\r\n[root@a ~]# ");
    await type(socket, "exit\r");
    await readUntil(socket, "a login: ");
    const log = await host.readFile(vmPaths("a").serialLog);
    assert.match(log, /\[root@a ~\]# hostname\r\na\r\n/);
  });

  it("keeps others out, and shows no password", async () => {
    const socket = await connect();
    await type(socket, "ada\r");
    await readUntil(socket, "Password: ");
    await type(socket, "secret\r");
    const said = await readUntil(socket, "a login: ");
    assert.match(said, /Login incorrect/);
    assert.doesNotMatch(said, /secret/);
  });

  it("edits the line as a terminal does", async () => {
    const socket = await connect();
    await type(socket, "rooot\u007f\u007fot\u0003");
    await readUntil(socket, "^C");
    await type(socket, "rx\u007foot\r");
    assert.ok((await readUntil(socket, "]# ")).includes("rx\b \boot"));
  });

  it("serves one client at a time", async () => {
    const first = await connect();
    const second = await connect();
    await type(second, "lost\r");
    first.close();
    await type(second, "root\r");
    assert.doesNotMatch(await readUntil(second, "]# "), /lost/);
  });

  it("makes the guest wait for a client that does not read", async () => {
    const socket = await connect();
    await type(socket, "root\r");
    await readUntil(socket, "]# ");
    await type(socket, "seq 1 200000\r");
    await readUntil(socket, "\r\n1\r\n");
    const logged = (await host.readFile(vmPaths("a").serialLog)).length;
    assert.ok(logged < 200 * 1024, `the guest went on to ${logged} bytes`);
    await readUntil(socket, "\r\n200000\r\n");
  });

  it("ends with the machine", async () => {
    const socket = await connect();
    host.killVm("a");
    assert.equal(await socket.read(), undefined);
    await assert.rejects(connect(), { errno: "ECONNREFUSED" });
  });

  it("asks for a login once the guest has booted", async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const slow = createSimHost({ clock, overrides: { guestBootMs: 30_000 } });
    await makeVfs(slow, 1);
    await addVdpa(slow, [MACS[0]]);
    await startVm(slow, "a", 0);
    assert.doesNotMatch(await slow.readFile(vmPaths("a").serialLog), /login/);
    await clock.advance(30_000);
    assert.match(await slow.readFile(vmPaths("a").serialLog), /login: $/);
  });
});
