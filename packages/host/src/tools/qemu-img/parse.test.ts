import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { isNoSpace, openFailure, parseImageInfo } from "./parse.ts";

const read = (name: string): string => fixture(import.meta.url, name);

describe("parseImageInfo", () => {
  it("finds the file that an image stands on", () => {
    assert.deepEqual(parseImageInfo(read("info-backing-file.qemu-7.2.22.json")), {
      virtualSizeBytes: 1536,
      backingFile: "/etc/passwd",
      dataFile: undefined,
      isCorrupt: false,
    });
  });

  it("finds the file that holds an image's data", () => {
    const { dataFile } = parseImageInfo(read("info-data-file.qemu-7.2.22.json"));
    assert.equal(dataFile, "/srv/dd.raw");
  });
});

describe("qemu-img's words", () => {
  it("tell what is wrong with a file", () => {
    const word = (why: string) => openFailure(`qemu-img: Could not open 'x': ${why}\n`);
    assert.equal(word("Image is not in qcow2 format"), "format");
    assert.equal(word("qcow2 header too short"), "damaged");
    assert.equal(word("Permission denied"), undefined);
    assert.ok(isNoSpace("qemu-img: error while writing at byte 0: No space left on device\n"));
  });
});
