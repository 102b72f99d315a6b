import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "../errors/switchyard-error.ts";
import { artefactPath, isRemote, parseArtefactSource, parseSha256 } from "./artefact.ts";

const SUM = "0123456789abcdef".repeat(4);

const refusal = (parse: () => unknown): InvalidInputError => {
  let thrown: unknown;
  assert.throws(parse, (error) => {
    thrown = error;
    return true;
  });
  assert.ok(thrown instanceof InvalidInputError);
  assert.equal(thrown.reason, "ARTEFACT_MALFORMED");
  return thrown;
};

describe("parseSha256", () => {
  it("takes what sha256sum prints and nothing else", () => {
    assert.equal(artefactPath(parseSha256(SUM)), `/var/lib/switchyard/artefacts/${SUM}`);
    for (const text of ["", SUM.slice(1), SUM.toUpperCase(), `${SUM}0`, `../${SUM.slice(3)}`]) {
      refusal(() => parseSha256(text));
    }
  });
});

describe("parseArtefactSource", () => {
  it("takes absolute paths and http URLs", () => {
    assert.equal(isRemote({ source: parseArtefactSource("/srv/fw/NIC_22.39.10.02.BIN") }), false);
    assert.equal(isRemote({ source: parseArtefactSource("https://files.example/nic.BIN") }), true);
    assert.equal(isRemote({ source: parseArtefactSource("http://10.0.0.1:8080/nic.bin") }), true);
  });

  it("refuses other schemes, relative paths and paths that climb", () => {
    const texts = ["", "fw.BIN", "/", "/srv/../etc/shadow", "file:///x", "ftp://a/b", "https://"];
    for (const text of texts) refusal(() => parseArtefactSource(text));
    refusal(() => parseArtefactSource(`/${"a".repeat(2000)}`));
    refusal(() => parseArtefactSource("http://a/b c"));
  });

  it("refuses credentials and does not repeat them", () => {
    const { metadata } = refusal(() => parseArtefactSource("https://me:secret@files.example/x"));
    assert.equal(metadata["found"], "https://***@files.example/x");
  });
});
