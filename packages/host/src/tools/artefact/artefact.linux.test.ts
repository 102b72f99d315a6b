import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Artefact, parseArtefactSource, parseSha256 } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { createLinuxHost } from "../../linux/linux-host.ts";
import { copyArtefact, downloadArtefact, placeArtefact, readSha256 } from "./artefact.ts";

/** The programs themselves, on the machine that runs the tests. */
const host = createLinuxHost({ kind: "real", log: silentLogger, clock: systemClock });
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const FILE = randomBytes(100_000);
const CUT_AFTER_BYTES = 5000;

/** Serves the file: whole or in ranges, cut short, without ranges, or not at all. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (request.url === "/missing") {
    response.writeHead(404).end();
  } else if (request.url === "/cut") {
    response.writeHead(200, { "content-length": FILE.length });
    response.write(FILE.subarray(0, CUT_AFTER_BYTES), () => response.destroy());
  } else if (request.url === "/whole-only" || from === 0) {
    response.writeHead(200, { "content-length": FILE.length }).end(FILE);
  } else {
    const range = `bytes ${from}-${FILE.length - 1}/${FILE.length}`;
    response.writeHead(206, { "content-range": range }).end(FILE.subarray(from));
  }
}

let folder = "";
let server: Server;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "switchyard-artefact-"));
  server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const artefactAt = (source: string, sizeBytesMax = FILE.length): Artefact => ({
  source: parseArtefactSource(source),
  sha256: parseSha256("0".repeat(64)),
  sizeBytesMax,
});

const urlOf = (path: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

const download = (path: string, to: string, sizeBytesMax?: number) =>
  downloadArtefact(host, artefactAt(urlOf(path), sizeBytesMax), {
    path: to,
    signal: new AbortController().signal,
  });

describe("the artefact tools on this machine", () => {
  it("copy a file, sum it and put it in its place", async () => {
    const source = join(folder, "source");
    await writeFile(source, FILE);
    await copyArtefact(host, artefactAt(source), `${source}.part`);
    await placeArtefact(host, `${source}.part`, `${source}.done`);
    assert.equal(await readSha256(host, `${source}.done`), await readSha256(host, source));
    assert.equal(await host.exists(`${source}.part`), false);
    await assert.rejects(copyArtefact(host, artefactAt(source, 10), `${source}.part`), {
      reason: "ARTEFACT_TOO_LARGE",
    });
  });

  it("go on where a download stopped", { skip: !hasCurl }, async () => {
    const path = join(folder, "resumed");
    assert.equal(await download("/cut", path), "interrupted");
    assert.equal((await readFile(path)).length, CUT_AFTER_BYTES);
    assert.equal(await download("/file", path), "complete");
    assert.deepEqual(await readFile(path), FILE);
  });

  it("say what trying again would bring", { skip: !hasCurl }, async () => {
    const path = join(folder, "refused");
    await assert.rejects(download("/missing", path), { reason: "ARTEFACT_UNAVAILABLE" });
    await assert.rejects(download("/file", path, 10), { reason: "ARTEFACT_TOO_LARGE" });
    await writeFile(path, FILE.subarray(0, CUT_AFTER_BYTES));
    assert.equal(await download("/whole-only", path), "not-resumable");
  });
});
