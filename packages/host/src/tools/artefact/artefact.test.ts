import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Artefact,
  curlDownload,
  HostError,
  parseArtefactSource,
  parseSha256,
} from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { copyArtefact, downloadArtefact, readSha256 } from "./artefact.ts";
import { endOfDownload, parseSha256sum } from "./parse.ts";

const SUM = parseSha256("92af2d98265e036e1e25866e58ce672c07e02297ee1981bfc7fcdce50a1b6389");
const REMOTE: Artefact = {
  source: parseArtefactSource("https://files.example/nic.BIN"),
  sha256: SUM,
  sizeBytesMax: 1000,
};
const LOCAL: Artefact = { ...REMOTE, source: parseArtefactSource("/srv/nic.BIN") };
const CURL = curlDownload({ url: REMOTE.source, path: "/a.part", sizeBytesMax: 1000 }).join(" ");

const download = (reply: Reply) =>
  downloadArtefact(createScriptedHost({ commands: { [CURL]: reply } }), REMOTE, {
    path: "/a.part",
    signal: new AbortController().signal,
  });

describe("parseSha256sum", () => {
  it("reads the sum also of a file with an odd name", () => {
    assert.equal(parseSha256sum(`${SUM}  /srv/nic.BIN\n`), SUM);
    assert.equal(parseSha256sum(`\\${SUM}  /srv/a\\nb\n`), SUM);
  });
});

describe("readSha256", () => {
  it("knows a file that is not there", async () => {
    assert.equal(await readSha256(createScriptedHost({}), "/srv/nic.BIN"), undefined);
  });
});

describe("endOfDownload", () => {
  const ends = JSON.parse(fixture(import.meta.url, "curl-ends.curl-7.88.1.json")) as readonly {
    readonly exitCode: number;
    readonly stderr: string;
    readonly end: string;
  }[];

  it("tells what trying again would bring", () => {
    for (const { exitCode, stderr, end } of ends) {
      assert.equal(endOfDownload(exitCode, stderr), end, stderr);
    }
  });
});

describe("downloadArtefact", () => {
  it("runs what the plan shows, without any credential in it", async () => {
    assert.equal(await download({}), "complete");
    assert.match(CURL, /--proto =https,http .*--max-filesize 1000 .*--netrc-file \S+ .*-- https:/);
  });

  it("leaves it to the caller to go on after an interruption", async () => {
    const stderr = "curl: (18) transfer closed with 95000 bytes remaining to read\n";
    assert.equal(await download({ exitCode: 18, stderr }), "interrupted");
  });

  it("says what the server said", async () => {
    const stderr = "curl: (22) The requested URL returned error: 404\n";
    await assert.rejects(download({ exitCode: 22, stderr }), (error) => {
      assert.ok(error instanceof HostError);
      assert.equal(error.reason, "ARTEFACT_UNAVAILABLE");
      assert.equal(error.metadata["found"], "(22) The requested URL returned error: 404");
      return true;
    });
  });

  it("tells a file that is too large from a disk that is full", async () => {
    const tooLarge = { exitCode: 63, stderr: "curl: (63) Maximum file size exceeded\n" };
    await assert.rejects(download(tooLarge), { reason: "ARTEFACT_TOO_LARGE" });
    const full = { exitCode: 23, stderr: "curl: (23) Failure writing output to destination\n" };
    await assert.rejects(download(full), { reason: "ARTEFACT_STORE_FULL" });
  });
});

describe("copyArtefact", () => {
  const size = "stat -L -c %s -- /srv/nic.BIN";

  it("refuses a file that is not there", async () => {
    await assert.rejects(copyArtefact(createScriptedHost({}), LOCAL, "/a.part"), {
      reason: "ARTEFACT_UNAVAILABLE",
    });
  });

  it("refuses a file that is too large before it copies", async () => {
    const host = createScriptedHost({
      files: { "/srv/nic.BIN": "x" },
      commands: { [size]: { stdout: "1001\n" } },
    });
    await assert.rejects(copyArtefact(host, LOCAL, "/a.part"), { reason: "ARTEFACT_TOO_LARGE" });
    assert.deepEqual(host.ran, [size]);
  });
});
