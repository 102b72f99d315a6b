import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { Client, credentials } from "@grpc/grpc-js";
import { systemClock } from "@switchyard/runtime";
import { addReflection } from "./reflection.ts";
import { createServer, type RunningServer, startServer } from "./server.ts";

const HANDSHAKE_MS = 2_000;

/** A certificate for 127.0.0.1 that is its own authority. */
async function makeCertificate(folder: string, name: string): Promise<void> {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.pem`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  await promisify(execFile)("openssl", [...args, "-nodes", "-days", "1", ...files, ...subject]);
}

const connects = (address: string, channel: ReturnType<typeof credentials.createSsl>) => {
  const client = new Client(address, channel);
  return new Promise<boolean>((resolve) => {
    client.waitForReady(systemClock.nowMs() + HANDSHAKE_MS, (error) =>
      resolve(error === undefined),
    );
  }).finally(() => client.close());
};

describe("the API with TLS", () => {
  let folder: string;
  let running: RunningServer;
  let certificate: Buffer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-tls-"));
    await makeCertificate(folder, "server");
    await makeCertificate(folder, "caller");
    certificate = await readFile(join(folder, "server.pem"));
    const server = createServer();
    addReflection(server);
    running = await startServer(server, {
      address: "127.0.0.1:0",
      tls: {
        certFile: join(folder, "server.pem"),
        keyFile: join(folder, "server.key"),
        caFile: join(folder, "caller.pem"),
      },
      insecureLoopback: false,
      clock: systemClock,
    });
  });
  after(async () => {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("lets in a caller that shows a certificate of its authority", async () => {
    const [key, cert] = await Promise.all([
      readFile(join(folder, "caller.key")),
      readFile(join(folder, "caller.pem")),
    ]);
    assert.ok(await connects(running.address, credentials.createSsl(certificate, key, cert)));
  });

  it("refuses plain text, and a caller whose authority does not know the server", async () => {
    const other = await readFile(join(folder, "caller.pem"));
    const [plain, distrustful] = await Promise.all([
      connects(running.address, credentials.createInsecure()),
      connects(running.address, credentials.createSsl(other)),
    ]);
    assert.deepEqual([plain, distrustful], [false, false]);
  });
});
