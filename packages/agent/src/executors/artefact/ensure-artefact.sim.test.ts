import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { createSimHost, createSimWeb } from "@switchyard/hostsim";
import {
  ARTEFACT_FOLDER,
  type Artefact,
  artefactPath,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
  partialPath,
} from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

/** The pauses between downloads last seconds. */
const FAST = 1000;
const TEXT = "#!/bin/sh\n# a file of some length, so that a part of it is not all of it\n";
const URL_OF_FILE = "https://files.example/nic.BIN";
const PATH_OF_FILE = "/srv/nic.BIN";

const artefactFrom = (source: string, overrides: Partial<Artefact> = {}): Artefact => ({
  source: parseArtefactSource(source),
  sha256: parseSha256(createHash("sha256").update(TEXT).digest("hex")),
  sizeBytesMax: 1000,
  ...overrides,
});
const REMOTE = artefactFrom(URL_OF_FILE);
const LOCAL = artefactFrom(PATH_OF_FILE);
const stepFor = (artefact: Artefact) => benchStep("ensureArtefact", { artefact }, false);

function bed(files: Readonly<Record<string, string>> = { [PATH_OF_FILE]: TEXT }) {
  const web = createSimWeb({ [URL_OF_FILE]: TEXT });
  const clock = createFastClock(FAST);
  const host = createSimHost({ web, clock, files });
  const bench = createStepBench(host, clock);
  const stored = () => host.readFile(artefactPath(REMOTE.sha256));
  const failureOf = async (artefact: Artefact) =>
    (await bench.run([stepFor(artefact)])).ended.failure;
  return { web, host, bench, stored, failureOf };
}

describe("ensureArtefact", () => {
  for (const [from, artefact] of Object.entries({ download: REMOTE, copy: LOCAL })) {
    it(`brings a file into the store once, by ${from}`, async () => {
      const { bench, stored, host } = bed();
      const first = await bench.run([stepFor(artefact)]);
      assert.equal(first.ended.state, "succeeded");
      assert.equal(first.ended.result.changedSteps, 1);
      assert.equal(await stored(), TEXT);
      assert.equal(await host.exists(partialPath(artefact.sha256)), false);
      assert.equal((await bench.run([stepFor(artefact)])).ended.result.changedSteps, 0);
    });
  }

  it("needs no source for a file that an operator put into the store", async () => {
    const { bench } = bed({ [artefactPath(REMOTE.sha256)]: TEXT });
    const elsewhere = artefactFrom("https://nowhere.example/nic.BIN");
    const { ended, commands } = await bench.run([stepFor(elsewhere)]);
    assert.equal(ended.state, "succeeded");
    assert.equal(ended.result.changedSteps, 0);
    assert.equal(
      commands.some((command) => command.startsWith("curl")),
      false,
    );
  });

  it("goes on where a download stopped, and gives up after a bounded number of tries", async () => {
    const { bench, web, stored, failureOf } = bed();
    web.disturb(URL_OF_FILE, { kind: "truncate", afterBytes: 20 }, 3);
    const { ended, lines } = await bench.run([stepFor(REMOTE)]);
    assert.equal(ended.state, "succeeded");
    assert.equal(lines.length, 3);
    assert.equal(await stored(), TEXT);
    const other = artefactFrom("https://files.example/other.BIN");
    web.publish(other.source, `${TEXT}more`);
    web.disturb(other.source, { kind: "status", status: 503 }, 100);
    const failure = await failureOf({ ...other, sha256: parseSha256("0".repeat(64)) });
    assert.equal(failure?.reason, "ARTEFACT_UNAVAILABLE");
    assert.equal(failure?.metadata["found"], "8 interrupted downloads");
  });

  it("begins anew when the server can't go on", async () => {
    const { bench, web, stored } = bed({ [partialPath(REMOTE.sha256)]: TEXT.slice(0, 10) });
    web.disturb(URL_OF_FILE, { kind: "no-ranges" });
    assert.equal((await bench.run([stepFor(REMOTE)])).ended.state, "succeeded");
    assert.equal(await stored(), TEXT);
  });

  it("takes a partial file that is whole already", async () => {
    const { bench, stored, web } = bed({ [partialPath(REMOTE.sha256)]: TEXT });
    web.disturb(URL_OF_FILE, { kind: "status", status: 404 }, 100);
    assert.equal((await bench.run([stepFor(REMOTE)])).ended.state, "succeeded");
    assert.equal(await stored(), TEXT);
  });

  it("keeps nothing of a file with another content", async () => {
    const { web, host, failureOf } = bed({ [PATH_OF_FILE]: `${TEXT}!` });
    web.disturb(URL_OF_FILE, { kind: "corrupt" });
    for (const artefact of [REMOTE, LOCAL]) {
      const failure = await failureOf(artefact);
      assert.equal(failure?.reason, "ARTEFACT_CHECKSUM_WRONG");
      assert.equal(failure?.metadata["needs"], artefact.sha256);
      assert.deepEqual(await host.listFolder(ARTEFACT_FOLDER), []);
    }
  });

  it("replaces a file in the store whose content was changed", async () => {
    const { bench, stored } = bed({
      [PATH_OF_FILE]: TEXT,
      [artefactPath(LOCAL.sha256)]: "changed",
    });
    const { ended } = await bench.run([stepFor(LOCAL)]);
    assert.equal(ended.result.changedSteps, 1);
    assert.equal(await stored(), TEXT);
  });

  it("says why a file can't be had", async () => {
    const { failureOf } = bed();
    const reasons = [
      ["https://files.example/other.BIN", "ARTEFACT_UNAVAILABLE"],
      ["https://nowhere.example/nic.BIN", "ARTEFACT_UNAVAILABLE"],
      ["/srv/other.BIN", "ARTEFACT_UNAVAILABLE"],
    ] as const;
    for (const [source, reason] of reasons) {
      assert.equal((await failureOf(artefactFrom(source)))?.reason, reason, source);
    }
    for (const artefact of [REMOTE, LOCAL]) {
      const failure = await failureOf({ ...artefact, sizeBytesMax: 10 });
      assert.equal(failure?.reason, "ARTEFACT_TOO_LARGE");
    }
  });

  it("refuses to fill the store without a bound", async () => {
    const names = Array.from({ length: LIMITS_OF_ARTEFACTS.storedMax }, (_, at) => [
      `${ARTEFACT_FOLDER}/${at}`,
      "",
    ]);
    const { failureOf } = bed({ [PATH_OF_FILE]: TEXT, ...Object.fromEntries(names) });
    assert.equal((await failureOf(LOCAL))?.reason, "ARTEFACT_STORE_FULL");
  });

  it("leaves the verified file when a later step fails, and says so", async () => {
    const { bench, stored } = bed();
    const { ended } = await bench.run([stepFor(LOCAL), FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.equal(ended.result.leftState, "Still in effect: ensureArtefact.");
    assert.equal(await stored(), TEXT);
  });

  for (const phase of ["after-intent", "after-effect"] as const) {
    it(`brings the file once though its agent is killed ${phase}`, async () => {
      const { bench, stored, host } = bed();
      const killAt = { step: "ensureArtefact", phase } as const;
      const { ended } = await bench.run([stepFor(REMOTE)], { killAt });
      assert.equal(ended.state, "succeeded");
      assert.equal(await stored(), TEXT);
      const moves = host.effects.filter(
        ({ source }) => source.kind === "run" && source.argv[0] === "mv",
      );
      assert.equal(moves.length, 1);
    });
  }
});
