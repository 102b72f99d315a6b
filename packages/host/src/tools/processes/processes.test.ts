import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findMemoryLock, listBlockedProcesses, listVhostHolders } from "./processes.ts";

const stat = (pid: number, name: string, state: string) =>
  `${pid} (${name}) ${state} 1 ${pid} ${pid} 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 99 0 0\n`;

const host = createScriptedHost({
  files: {
    "/proc/77/stat": stat(77, "vdpa", "D"),
    "/proc/77/comm": "vdpa\n",
    "/proc/77/wchan": "vhost_vdpa_remove",
    "/proc/78/stat": stat(78, "kworker/0:1", "D"),
    "/proc/78/comm": "kworker/0:1\n",
    "/proc/78/wchan": "0",
    "/proc/4242/stat": stat(4242, "qemu-system-x86", "S"),
    "/proc/4242/comm": "qemu-system-x86\n",
    "/proc/4242/limits":
      "Limit                     Soft Limit           Hard Limit           Units     \n" +
      "Max locked memory         8388608              unlimited            bytes     \n",
    "/proc/uptime": "1 1\n",
    "/dev/vhost-vdpa-0": "",
    "/dev/null": "",
  },
  links: { "/proc/4242/fd/20": "/dev/vhost-vdpa-0", "/proc/4242/fd/0": "/dev/null" },
});

describe("processes", () => {
  it("finds those in uninterruptible sleep and where they wait", async () => {
    assert.deepEqual(await listBlockedProcesses(host), [
      { pid: 77, command: "vdpa", waitsIn: "vhost_vdpa_remove" },
      { pid: 78, command: "kworker/0:1", waitsIn: "" },
    ]);
  });

  it("finds who holds a vDPA device", async () => {
    assert.deepEqual(await listVhostHolders(host), [
      { path: "/dev/vhost-vdpa-0", pid: 4242, command: "qemu-system-x86" },
    ]);
  });

  it("reads the memory lock limit", async () => {
    assert.equal(await findMemoryLock(host, 4242), 8_388_608);
    assert.equal(await findMemoryLock(host, 1), undefined);
  });
});
