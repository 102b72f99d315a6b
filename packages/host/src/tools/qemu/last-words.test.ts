import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findKernelWord } from "./last-words.ts";

/** As kernel 5.14 of RHEL 9 prints them. */
const OOM =
  "[24780.161978] Out of memory: Killed process 4242 (sy-web-1) total-vm:9441232kB, anon-rss:8391164kB, file-rss:0kB, shmem-rss:4kB, UID:0 pgtables:16700kB oom_score_adj:0";
const MEMCG =
  "[  99.000001] Memory cgroup out of memory: Killed process 4242 (sy-web-1) total-vm:9441232kB";
const SEGFAULT =
  "[  100.5] sy-web-1[4242]: segfault at 18 ip 000055d0c8a4e2b1 sp 00007ffd0f3a error 4 in qemu-kvm[55d0c8600000+6b0000]";
const TRAP = "[  100.5] traps: sy-web-1[4242] trap invalid opcode ip:55d0c8a4e2b1 sp:7ffd error:0";
const web = { vm: "web-1", pid: 4242 };

describe("findKernelWord", () => {
  it("knows who was killed for memory, on the host's or a control group's account", () => {
    assert.equal(findKernelWord(["[1.0] eth0: link up", OOM], web)?.kind, "out-of-memory");
    assert.equal(findKernelWord([MEMCG], web)?.kind, "out-of-memory");
    assert.match(findKernelWord([OOM], web)?.detail ?? "", /^Out of memory: Killed process 4242/);
  });

  it("knows a crash of the VM's own process", () => {
    assert.equal(findKernelWord([SEGFAULT], web)?.kind, "crashed");
    assert.equal(findKernelWord([TRAP], web)?.kind, "crashed");
  });

  it("takes nothing that is of another process", () => {
    assert.equal(findKernelWord([OOM, SEGFAULT, TRAP], { vm: "web-1", pid: 424 }), undefined);
    assert.equal(findKernelWord([SEGFAULT], { vm: "db-1", pid: 4242 }), undefined);
  });
});
