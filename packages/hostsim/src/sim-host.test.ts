import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { HostFileError, listLinks, readBootId, readDefaultRouteNetdevs } from "@switchyard/host";
import { CommandError } from "@switchyard/model";
import { ManualClock, systemClock } from "@switchyard/runtime";
import { checkEffects } from "./effects.ts";
import { createSimFleet, createSimHost } from "./fleet.ts";
import { connectSimHost } from "./server/sim-host-client.ts";
import { createSimHostServer, type SimHostServer } from "./server/sim-host-server.ts";
import {
  addVdpa,
  MACS,
  makeVfs,
  NUM_VFS,
  prepare,
  run,
  startVm,
  tryRun,
} from "./testing/seed-procedure.ts";

/** A process of its own that runs command lines on the served host. */
function spawnAgent(socketPath: string, lines: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL("./testing/agent-process.ts", import.meta.url));
  const args = ["--disable-warning=ExperimentalWarning", program, socketPath, ...lines];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}

describe("SimHost.run", () => {
  it("says that a program is not installed", async () => {
    const host = createSimHost({ overrides: { missingPrograms: ["ovs-vsctl"] } });
    for (const program of ["no-such-program", "ovs-vsctl"]) {
      await assert.rejects(
        host.run({ argv: [program] }),
        (error) => error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED",
      );
    }
  });

  it("cuts output at the bound and says so", async () => {
    const result = await createSimHost().run({ argv: ["lspci"], maxOutputBytes: 10 });
    assert.deepEqual([result.stdout.length, result.isTruncated], [10, true]);
  });

  it("takes as long as it is told to, on the clock it was given", async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const host = createSimHost({ clock, latencies: { programs: { uname: 500 } } });
    const pending = host.run({ argv: ["uname", "-r"] });
    await clock.advance(500);
    assert.equal((await pending).durationMs, 500);
  });
});

describe("files", () => {
  it("refuse what a kernel refuses", async () => {
    const host = createSimHost();
    const cases: readonly (readonly [Promise<unknown>, string])[] = [
      [host.readFile("/etc/absent"), "ENOENT"],
      [host.readFile("/etc"), "EISDIR"],
      [host.listFolder("/etc/hostname"), "ENOTDIR"],
      [host.readLink("/etc/hostname"), "EINVAL"],
      [host.writeFile("/etc/absent", "x"), "ENOENT"],
      [host.writeFile("/proc/meminfo", "x"), "EACCES"],
      [host.readFile("/sys/class/net/eno2/carrier"), "EINVAL"],
      [host.readFile("/sys/class/net/eno2/phys_switch_id"), "EOPNOTSUPP"],
      [host.connectSocket("/run/none.sock"), "ENOENT"],
    ];
    for (const [attempt, errno] of cases) {
      await assert.rejects(
        attempt,
        (error) => error instanceof HostFileError && error.errno === errno,
      );
    }
  });

  it("are reached through links in the middle of a path", async () => {
    const host = createSimHost();
    assert.equal(await host.readFile("/sys/class/net/enp130s0f0np0/device/device"), "0x101d\n");
    assert.ok((await host.listFolder("/sys/class/net")).includes("eno1"));
    assert.equal(await host.exists("/var/run/systemd/system"), true);
  });

  it("show the management port as the one with the default route", async () => {
    const host = createSimHost();
    assert.deepEqual(await readDefaultRouteNetdevs(host), ["eno1"]);
    const eno1 = (await listLinks(host)).find(({ netdev }) => netdev === "eno1");
    assert.ok(eno1?.isUp && eno1.hasCarrier && eno1.addresses.length === 1);
  });
});

describe("a reboot", () => {
  it("gives a new boot id and forgets all but files and what was burned", async () => {
    const told: string[] = [];
    const host = createSimHost({ onReboot: (boot) => told.push(boot) });
    await prepare(host, MACS);
    await startVm(host, "a", 0);
    await host.replaceFile("/var/lib/agent/ledger", "kept");
    const before = await readBootId(host);
    await host.reboot("test");
    const after = await readBootId(host);
    assert.notEqual(after, before);
    assert.deepEqual(told, [after]);
    assert.equal(await host.readFile("/var/lib/agent/ledger"), "kept");
    assert.equal(await host.readFile(NUM_VFS), "0\n");
    assert.match(await run(host, "devlink dev eswitch show pci/0000:82:00.0"), /mode legacy/);
    assert.deepEqual(host.vms, []);
    assert.equal(await host.exists("/run/switchyard"), false);
    assert.equal(await host.exists("/dev/vhost-vdpa-0"), false);
    assert.equal(await host.exists("/sys/class/net/cxbr0"), false);
  });

  it("frees nothing for a command that was stuck: it never comes back", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
    const stuck = host.run({ argv: ["vdpa", "dev", "del", "vdpa0"], timeoutMs: 50 });
    await host.reboot("test");
    await assert.rejects(stuck, { reason: "COMMAND_TIMED_OUT" });
    assert.deepEqual(host.stuckDevices, []);
  });
});

describe("fault rules", () => {
  it("fail a program, refuse a file, and are used up", async () => {
    const host = createSimHost();
    host.faults.add({
      match: { kind: "run", program: "ip", words: ["link"] },
      action: { kind: "fail", exitCode: 2, stderr: "RTNETLINK answers: Operation not permitted\n" },
    });
    host.faults.add({
      match: { kind: "file", operation: "write", pathEnd: "sriov_numvfs" },
      action: { kind: "refuse", errno: "ENOMEM" },
      times: 2,
    });
    assert.equal((await tryRun(host, "ip -j addr show")).exitCode, 0);
    assert.equal((await tryRun(host, "ip -j link show")).exitCode, 2);
    assert.equal((await tryRun(host, "ip -j link show")).exitCode, 0);
    for (let time = 0; time < 2; time += 1) {
      await assert.rejects(host.writeFile(NUM_VFS, "1"), { errno: "ENOMEM" });
    }
    await host.writeFile(NUM_VFS, "1");
  });

  it("time a command out with or without its effect", async () => {
    const host = createSimHost();
    for (const isApplied of [false, true]) {
      host.faults.add({
        match: { kind: "run", program: "modprobe" },
        action: { kind: "timeout", isApplied },
      });
      const late = host.run({ argv: ["modprobe", "vhost_vdpa"], timeoutMs: 10 });
      await assert.rejects(late, { reason: "COMMAND_TIMED_OUT", retry: "observe-first" });
      assert.equal((await host.readFile("/proc/modules")).includes("vhost_vdpa"), isApplied);
    }
  });

  it("crash the caller before or after the machine was touched", async () => {
    const crashes: string[] = [];
    const host = createSimHost({ onCrash: ({ kind }) => crashes.push(kind) });
    for (const [kind, count] of [
      ["crash-before", "0\n"],
      ["crash-after", "2\n"],
    ] as const) {
      host.faults.add({
        match: { kind: "file", operation: "write", pathEnd: "sriov_numvfs" },
        action: { kind },
      });
      const call = host.writeFile(NUM_VFS, "2", 10);
      await assert.rejects(call, { reason: "COMMAND_TIMED_OUT" });
      assert.equal(await host.readFile(NUM_VFS), count);
    }
    assert.deepEqual(crashes, ["file", "file"]);
  });
});

describe("checkEffects", () => {
  it("finds nothing doubled in one clean run", async () => {
    const host = createSimHost();
    await prepare(host, MACS);
    assert.deepEqual(checkEffects(host.effects), { repeated: [], redone: [] });
  });

  it("names what was undone and done again, and a restart that changed nothing", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await run(host, "vdpa dev del vdpa0");
    await addVdpa(host, [MACS[0]]);
    await run(host, "ovs-ctl start");
    await run(host, "ovs-ctl restart");
    const { repeated, redone } = checkEffects(host.effects);
    assert.deepEqual(
      repeated.map(({ object, times }) => [object, times]),
      [["vswitchd", 2]],
    );
    assert.ok(redone.some(({ object, times }) => object === "vdpa vdpa0" && times === 2));
  });

  it("counts every boot for itself", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    await host.reboot("test");
    await makeVfs(host, 1);
    assert.deepEqual(checkEffects(host.effects), { repeated: [], redone: [] });
  });
});

describe("a host served to another process", () => {
  let folder = "";
  let server: SimHostServer | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-simhost-"));
  });
  afterEach(async () => {
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  it("answers there as here, errors included", async () => {
    server = await createSimHostServer({ host: createSimHost(), socketPath: join(folder, "s") });
    const remote = await connectSimHost({ socketPath: server.socketPath });
    await prepare(remote, MACS);
    await startVm(remote, "a", 0);
    const socket = await remote.connectSocket("/run/switchyard/vms/a/qmp.sock");
    assert.match((await socket.receive(1000)) ?? "", /"QMP"/);
    socket.close();
    await remote.writeRange("/var/bytes", 1, Uint8Array.of(0xff, 0, 0xc3));
    assert.deepEqual([...(await remote.readRange("/var/bytes", 0, 9))], [0, 0xff, 0, 0xc3]);
    await remote.run({ argv: ["mv", "-f", "-T", "--", "/var/bytes", "/var/moved"] });
    assert.deepEqual([...(await remote.readRange("/var/moved", 0, 9))], [0, 0xff, 0, 0xc3]);
    await assert.rejects(remote.readFile("/no"), { name: "HostFileError", errno: "ENOENT" });
    await assert.rejects(remote.run({ argv: ["vdpa", "dev", "del", "vdpa0"], timeoutMs: 20 }), {
      reason: "COMMAND_TIMED_OUT",
      retry: "observe-first",
    });
    remote.close();
    await assert.rejects(remote.readFile("/etc/hostname"), /not connected/);
  });

  it("carries a serial console's bytes", async () => {
    server = await createSimHostServer({ host: createSimHost(), socketPath: join(folder, "s") });
    const remote = await connectSimHost({ socketPath: server.socketPath });
    await prepare(remote, MACS);
    await startVm(remote, "a", 0);
    const socket = await remote.connectByteSocket("/run/switchyard/vms/a/serial.sock");
    await socket.write(Buffer.from("\r"));
    assert.equal(Buffer.from((await socket.read()) ?? []).toString(), "\r\n");
    socket.close();
    await assert.rejects(socket.write(Buffer.from("x")), { errno: "EPIPE" });
    await assert.rejects(remote.connectByteSocket("/no"), { errno: "ENOENT" });
    remote.close();
  });

  it("finishes what a killed process had begun, and nothing more", async () => {
    const host = createSimHost({ latencies: { programs: { modprobe: 50 } } });
    const killed = new Promise<void>((resolve) => {
      const onCall = () => {
        child.kill("SIGKILL");
        child.once("exit", () => resolve());
      };
      void createSimHostServer({ host, socketPath: join(folder, "s"), onCall }).then((made) => {
        server = made;
        child = spawnAgent(made.socketPath, ["modprobe vhost_vdpa", "modprobe nbd"]);
      });
    });
    let child: ChildProcess;
    await killed;
    const deadlineMs = systemClock.monotonicMs() + 5000;
    while (host.effects.length === 0 && systemClock.monotonicMs() < deadlineMs) {
      await systemClock.sleep(5);
    }
    const modules = await host.readFile("/proc/modules");
    assert.deepEqual([modules.includes("vhost_vdpa"), modules.includes("nbd")], [true, false]);
    assert.equal(server?.clientCount, 0);
  });
});

describe("createSimFleet", () => {
  it("gives the same fleet for the same seed, and no MAC twice", async () => {
    const at = () => new ManualClock(1_700_000_000_000);
    const first = createSimFleet({ hosts: 3, seed: 7, clock: at() });
    const second = createSimFleet({ hosts: 3, seed: 7, clock: at() });
    assert.deepEqual(
      first.hosts.map((host) => host.bootId),
      second.hosts.map((host) => host.bootId),
    );
    const macs = await Promise.all(
      first.hosts.map((host) => host.readFile("/sys/class/net/enp130s0f0np0/address")),
    );
    assert.equal(new Set(macs).size, 3);
  });

  it("holds 500 configured hosts in less than 100 MiB", async () => {
    const before = process.memoryUsage().heapUsed;
    const fleet = createSimFleet({ hosts: 500, seed: 1 });
    for (const host of fleet.hosts) await makeVfs(host, 8);
    const grownBytes = process.memoryUsage().heapUsed - before;
    assert.ok(grownBytes < 100 * 1024 ** 2, `${Math.round(grownBytes / 1024 ** 2)} MiB`);
    assert.throws(() => fleet.host("r740-9999"), RangeError);
  });
});
