import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "@switchyard/host";
import { createSimHost } from "@switchyard/hostsim";
import { cachedByFiles } from "./by-files.ts";
import { createReadCache } from "./read-cache.ts";

const FILES = ["/etc/one", "/etc/two"];

describe("cachedByFiles", () => {
  it("reads anew when a file was written, came or went, and not otherwise", async () => {
    const host = createSimHost({ files: { "/etc/one": "1" } });
    const cache = createReadCache();
    let reads = 0;
    const read = async () => {
      reads += 1;
      return reads;
    };
    const now = () => cachedByFiles({ host, cache, key: "x", files: FILES }, read);
    assert.deepEqual([await now(), await now()], [1, 1]);
    await host.replaceFile("/etc/one", "2");
    assert.deepEqual([await now(), await now()], [2, 2]);
    await host.replaceFile("/etc/two", "");
    assert.equal(await now(), 3);
    await host.remove("/etc/one");
    assert.deepEqual([await now(), await now()], [4, 4]);
  });

  it("remembers nothing where files can't be compared", async () => {
    const host = createScriptedHost({});
    let reads = 0;
    const by = { host, cache: createReadCache(), key: "x", files: FILES };
    const now = () =>
      cachedByFiles(by, async () => {
        reads += 1;
        return reads;
      });
    assert.deepEqual([await now(), await now()], [1, 2]);
  });
});
