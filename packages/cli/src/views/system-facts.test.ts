import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Host } from "@switchyard/client";
import { createStyle } from "../output/style.ts";
import { hostView } from "./host.ts";

const GIB = 1024n ** 3n;
const style = createStyle({ isColored: false, isUnicode: false });

const described = (system: object): string =>
  hostView.describe(Host.fromPartial({ name: "hosts/r740-07", inventory: { system } }), style);

describe("a host's facts of the system", () => {
  it("are told in words", () => {
    const text = described({
      virtualization: "kvm",
      numaNodes: [{ node: 1, threadCount: 40, memoryBytes: 96n * GIB }],
      hugepages: [{ sizeBytes: GIB, count: 16 }],
      disks: [{ path: "/var", sizeBytes: 800n * GIB, availableBytes: 200n * GIB }],
      isSecureBoot: true,
      lockdown: "integrity",
      selinux: "enforcing",
      isTimeSynchronized: false,
      rebootRequiredBy: ["glibc"],
    });
    for (const wanted of [
      /runs in +kvm/,
      /numa +node 1: 40 threads, 96 GiB/,
      /huge pages +16 of 1 GiB/,
      /disks +\/var 200 GiB of 800 GiB free/,
      /security +Secure Boot on, lockdown integrity, SELinux enforcing/,
      /clock +not synchronized/,
      /updated +glibc: waits for a reboot/,
    ]) {
      assert.match(text, wanted);
    }
  });

  it("leave out what the host does not tell, and that it is a machine of its own", () => {
    const text = described({ virtualization: "none" });
    assert.doesNotMatch(text, /runs in|numa|huge pages|disks|security|clock|updated/);
  });
});
