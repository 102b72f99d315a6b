import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { killVm, openQmp, queryStatus, readVmProcess } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import { inGuest } from "../testing/guest.ts";
import { addVdpa, MACS, makeVfs, qemuArgv, run, startVm } from "../testing/seed-procedure.ts";

describe("qemu-system-x86_64", () => {
  let host: SimHost;
  beforeEach(async () => {
    host = createSimHost();
    await makeVfs(host, 2);
    await addVdpa(host, MACS);
    await host.makeFolder(vmPaths("a").folder);
    await host.makeFolder(vmPaths("b").folder);
  });
  const refusal = async (argv: readonly string[]) => {
    const result = await host.run({ argv: argv as readonly [string, ...string[]] });
    assert.equal(result.exitCode, 1);
    return result.stderr;
  };

  it("leaves a process, a pid file and sockets behind when it daemonizes", async () => {
    await startVm(host, "a", 0);
    const process = await readVmProcess(host, "a");
    assert.equal(process?.isAlive, true);
    assert.equal(await host.readLink(`/proc/${process?.pid}/fd/20`), "/dev/vhost-vdpa-0");
    const session = await openQmp(host, vmPaths("a").qmpSocket);
    assert.equal((await queryStatus(session)).isRunning, true);
    session.close();
  });

  it("refuses a char device that is absent or held", async () => {
    await startVm(host, "a", 0);
    await host.makeFolder(vmPaths("c").folder);
    const absent = qemuArgv("c", 1, MACS[1]).map((word) => word.replace("vdpa-1,", "vdpa-9,"));
    assert.match(
      await refusal(absent),
      /Could not open '\/dev\/vhost-vdpa-9': No such file or directory/,
    );
    const held = qemuArgv("c", 1, MACS[1]).map((word) => word.replace("vdpa-1,", "vdpa-0,"));
    assert.match(await refusal(held), /'\/dev\/vhost-vdpa-0': Device or resource busy/);
  });

  it("opens what its scope lets it open, and nothing else", async () => {
    const scoped = (...allowed: readonly string[]) => [
      ...["systemd-run", "--scope", "--property=DevicePolicy=closed"],
      ...allowed.map((path) => `--property=DeviceAllow=${path} rw`),
      ...["--", ...qemuArgv("a", 0, MACS[0])],
    ];
    assert.match(await refusal(scoped("/dev/vhost-vdpa-0")), /KVM kernel module: Operation not/);
    assert.match(
      await refusal(scoped("/dev/kvm", "/dev/vhost-vdpa-1")),
      /Could not open '\/dev\/vhost-vdpa-0': Operation not permitted/,
    );
    const [program = "", ...args] = scoped("/dev/kvm", "/dev/vhost-vdpa-0");
    assert.equal((await host.run({ argv: [program, ...args] })).exitCode, 0);
  });

  it("refuses an absent image, one in use, and a pid file in use", async () => {
    const absent = qemuArgv("a", 0, MACS[0]).map((word) => word.replace("file=/root", "file=/no"));
    assert.match(await refusal(absent), /Could not open '\/no\/.*': No such file or directory/);
    await startVm(host, "a", 0);
    const shared = qemuArgv("b", 1, MACS[1]).map((word) =>
      word.replace("vdpa-1.qcow2", "vdpa-0.qcow2"),
    );
    assert.match(
      await refusal(shared),
      /Failed to get "write" lock\nIs another process using the image/,
    );
    const again = qemuArgv("a", 1, MACS[1]);
    assert.match(await refusal(again), /cannot create PID file: Cannot lock pid file/);
  });

  it("refuses guest memory that may not be locked, also to root", async () => {
    const withoutLimit = qemuArgv("a", 0, MACS[0]).slice(3);
    assert.match(await refusal(withoutLimit), /DMA mapping failed, unable to continue/);
    assert.equal((await readVmProcess(host, "a"))?.isAlive, undefined);
  });

  it("refuses more memory than the host has", async () => {
    const huge = qemuArgv("a", 0, MACS[0]).map((word) => (word === "32768M" ? "999G" : word));
    assert.match(
      await refusal(huge),
      /cannot set up guest memory 'pc.ram': Cannot allocate memory/,
    );
  });

  it("refuses KVM on a host without it", async () => {
    const bare = createSimHost({ overrides: { hasKvm: false } });
    await makeVfs(bare, 1);
    await addVdpa(bare, [MACS[0]]);
    await bare.makeFolder(vmPaths("a").folder);
    const { stderr } = await bare.run({ argv: qemuArgv("a", 0, MACS[0]) });
    assert.match(stderr, /Could not access KVM kernel module: No such file or directory/);
    assert.equal(await bare.exists("/dev/kvm"), false);
  });

  it("takes its files away when it quits and leaves them lying when it is killed", async () => {
    await startVm(host, "a", 0);
    await killVm(host, "a");
    assert.equal(await host.exists(vmPaths("a").pidFile), true);
    await assert.rejects(host.connectSocket(vmPaths("a").qmpSocket), { errno: "ECONNREFUSED" });
    await startVm(host, "a", 0);
    const session = await openQmp(host, vmPaths("a").qmpSocket);
    await session.execute("quit");
    session.close();
    assert.equal(await host.exists(vmPaths("a").pidFile), false);
    await assert.rejects(host.connectSocket(vmPaths("a").qmpSocket), { errno: "ENOENT" });
  });
});

describe("QMP", () => {
  it("greets, insists on capabilities, and tells of the guest's shutdown", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
    const socket = await host.connectSocket(vmPaths("a").qmpSocket);
    const next = async () => JSON.parse((await socket.receive(1000)) ?? "null");
    assert.equal((await next()).QMP.version.qemu.major, 8);
    socket.send('{"execute":"query-status"}');
    assert.equal(
      (await next()).error.desc,
      "Expecting capabilities negotiation with 'qmp_capabilities'",
    );
    socket.send('{"execute":"qmp_capabilities","id":7}');
    assert.deepEqual(await next(), { return: {}, id: 7 });
    socket.send('{"execute":"bogus"}');
    assert.deepEqual((await next()).error, {
      class: "CommandNotFound",
      desc: "The command bogus has not been found",
    });
    socket.send('{"execute":"system_powerdown"}');
    const lines = [await next(), await next(), await next()];
    assert.deepEqual(lines.map(({ event }) => event).filter(Boolean), ["POWERDOWN", "SHUTDOWN"]);
    assert.equal(await socket.receive(1000), undefined);
    assert.deepEqual(host.vms, []);
  });
});

describe("a guest", () => {
  it("does not answer before it has booted", async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const host = createSimHost({ clock, overrides: { guestBootMs: 30_000 } });
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
    const socket = await host.connectSocket(vmPaths("a").guestAgentSocket);
    socket.send('{"execute":"guest-ping"}');
    const answer = socket.receive(1000);
    await clock.advance(1000);
    assert.equal(await answer, undefined);
    await clock.advance(30_000);
    socket.send('{"execute":"guest-ping"}');
    assert.equal(await socket.receive(1000), '{"return":{}}');
  });

  it("is found by its MAC and takes addresses as a Linux does", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
    const links = JSON.parse((await inGuest(host, "a", "ip -j link show")).stdout) as {
      address: string;
      ifname: string;
    }[];
    assert.equal(links.find(({ address }) => address === MACS[0])?.ifname, "eth0");
    assert.equal(
      (await inGuest(host, "a", "cat /sys/class/net/eth0/address")).stdout,
      `${MACS[0]}\n`,
    );
    const add = "ip addr add 10.0.0.2/24 dev eth0";
    assert.equal((await inGuest(host, "a", add)).exitCode, 0);
    const again = await inGuest(host, "a", add);
    assert.deepEqual([again.exitCode, again.stderr], [2, "RTNETLINK answers: File exists\n"]);
    const unreachable = await inGuest(host, "a", "ping -c 1 192.0.2.1");
    assert.deepEqual(
      [unreachable.exitCode, unreachable.stderr],
      [2, "ping: connect: Network is unreachable\n"],
    );
    assert.equal((await inGuest(host, "a", "nonsense")).exitCode, 127);
    assert.match(await run(host, "vdpa -j dev config show vdpa0"), /negotiated_features/);
  });
});
