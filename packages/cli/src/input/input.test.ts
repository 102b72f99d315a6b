import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VmSpec } from "@switchyard/client";
import { UsageError } from "../usage-error.ts";
import { formatBits, parseBits, parseRateLimit } from "./bit-rate.ts";
import { parseBytes } from "./bytes.ts";
import { parseDuration } from "./duration.ts";
import { resourceName } from "./names.ts";
import { parseInteger, parseLabels, parsePool, parseRange } from "./pairs.ts";
import { mergeSpecs, parseSpecText, readMessage } from "./spec-file.ts";

const refuses = (parse: (text: string) => unknown, texts: readonly string[]) => {
  for (const text of texts) assert.throws(() => parse(text), UsageError, `"${text}" was taken`);
};

describe("values on the command line", () => {
  it("read durations", () => {
    assert.equal(parseDuration("90s"), 90_000);
    assert.equal(parseDuration("1.5h"), 5_400_000);
    refuses(parseDuration, ["", "90", "0s", "-1s", "1w"]);
  });

  it("read sizes in powers of 1024", () => {
    assert.equal(parseBytes("4GiB"), 4n * 1024n ** 3n);
    assert.equal(parseBytes("512m"), 512n * 1024n ** 2n);
    assert.equal(parseBytes("1000"), 1000n);
    refuses(parseBytes, ["", "4X", "1.5G", "-1"]);
  });

  it("read bits in powers of 1000, and limits with and without a burst", () => {
    assert.deepEqual(["10G", "2.5m", "1000"].map(parseBits), [10e9, 2_500_000, 1000]);
    assert.deepEqual(parseRateLimit("10G"), { bitsPerSecond: "10000000000" });
    assert.deepEqual(parseRateLimit("1G/50M"), {
      bitsPerSecond: "1000000000",
      burstBits: "50000000",
    });
    assert.deepEqual([10e9, 2_500_000, 999].map(formatBits), ["10 Gbit", "2.5 Mbit", "999 bit"]);
    refuses(parseRateLimit, ["", "fast", "1G/2M/3M", "1.0001K", "-1"]);
  });

  it("read labels, repeated or with commas", () => {
    assert.deepEqual(parseLabels(["a=1,b=2", "c=x=y"]), { a: "1", b: "2", c: "x=y" });
    refuses((text) => parseLabels([text]), ["a", "=1"]);
  });

  it("read pools and ranges", () => {
    assert.deepEqual(parsePool("10.0.0.1-10.0.0.9"), { first: "10.0.0.1", last: "10.0.0.9" });
    assert.deepEqual(parseRange("10.0.0.1-10.0.0.9/24"), {
      first: "10.0.0.1",
      last: "10.0.0.9",
      prefixLength: 24,
    });
    refuses(parsePool, ["", "10.0.0.1", "a-b-c"]);
    refuses(parseRange, ["10.0.0.1-10.0.0.9", "10.0.0.1/24"]);
    refuses(parseInteger, ["", "-1", "1.5", "1e3"]);
  });

  it("read names, full and short", () => {
    assert.equal(resourceName("hosts", "a"), "hosts/a");
    assert.equal(resourceName("hosts", "hosts/a"), "hosts/a");
    refuses((text) => resourceName("hosts", text), ["", "vms/a", "hosts/"]);
  });
});

describe("spec files", () => {
  it("take a resource or its spec alone, YAML or JSON", () => {
    const spec = { vcpuCount: 2 };
    assert.deepEqual(parseSpecText("name: vms/a\nspec:\n  vcpuCount: 2\n", "f"), spec);
    assert.deepEqual(parseSpecText('{"vcpuCount": 2}', "f"), spec);
    refuses((text) => parseSpecText(text, "f"), ["", "- a", "a: [", "7"]);
  });

  it("merge member by member, whatever the spelling of the keys", () => {
    assert.deepEqual(
      mergeSpecs(
        { host_selector: { my_key: "1" }, disk: { path: "/a", format: "raw" } },
        { hostSelector: { b: "2" }, disk: { path: "/b" } },
      ),
      { hostSelector: { my_key: "1", b: "2" }, disk: { path: "/b", format: "raw" } },
    );
  });

  it("give way to a flag that excludes what they say", () => {
    assert.deepEqual(mergeSpecs({ uplink_port: 0, a: 1 }, { uplinkPciAddress: "x" }), {
      a: 1,
      uplinkPciAddress: "x",
    });
  });

  it("lose their short form of a NIC to NICs, and the other way round", () => {
    const nics = [{ network: "networks/a" }];
    assert.deepEqual(mergeSpecs({ network: "networks/b", queue_pairs: 2 }, { nics }), { nics });
    assert.deepEqual(mergeSpecs({ nics }, { network: "networks/b" }), { network: "networks/b" });
  });

  it("are read in snake_case and camelCase", () => {
    const snake = readMessage(VmSpec, { vcpu_count: 2, host_selector: { my_key: "1" } }, "f");
    const camel = readMessage(VmSpec, { vcpuCount: 2, hostSelector: { my_key: "1" } }, "f");
    assert.deepEqual(snake, camel);
    assert.equal(snake.vcpuCount, 2);
  });

  it("keep fields at their defaults without complaint", () => {
    assert.equal(readMessage(VmSpec, { queue_pairs: 0, network: "" }, "f").queuePairs, 0);
  });

  it("name every field that was not understood", () => {
    const problemsOf = (json: Record<string, unknown>): readonly string[] => {
      try {
        readMessage(VmSpec, json, "f");
        return [];
      } catch (error) {
        return error instanceof UsageError ? error.problems : [String(error)];
      }
    };
    assert.deepEqual(problemsOf({ vcpus: 2, disk: { paht: "/a", path: "/b" } }), [
      "spec.vcpus is not known",
      "spec.disk.paht is not known",
    ]);
    assert.deepEqual(problemsOf({ vcpuCount: "two" }), [`spec.vcpuCount can't be "two"`]);
    assert.match(problemsOf({ memoryBytes: "4GiB" })[0] ?? "", /BigInt/);
  });
});
