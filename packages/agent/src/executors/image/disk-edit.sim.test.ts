import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSimHost,
  type DiskEntry,
  type DiskPartition,
  type FaultRule,
  qcow2File,
  readQcow2,
  type SimHost,
} from "@switchyard/hostsim";
import { type DiskEdit, parseIpv4Cidr, parseMacAddress, vmDiskPaths } from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench } from "../../testing/step-bench.ts";
import { assertStepProperties, stepContext } from "../../testing/step-properties.ts";
import { EXECUTORS } from "../executors.ts";

const FAST = 1000;
const VM = "web-1";
const { disk, mount, nbd, edit: marker } = vmDiskPaths(VM);
const BASE = "/var/lib/switchyard/image-cache/rocky9.base";
const GIB = 1024 ** 3;

const ROOT: Readonly<Record<string, DiskEntry>> = {
  "etc/shadow": "bin:*:1::::::\nroot:!!:1::::::\n",
  "etc/hostname": "localhost\n",
  "etc/NetworkManager/system-connections": { folder: true },
};
const BOOT: DiskPartition = { type: "vfat", entries: { "EFI/BOOT": { folder: true } } };
const HOME: DiskPartition = { type: "xfs", entries: { "ada/notes": "mine\n" } };

const EDIT: DiskEdit = {
  hostname: VM,
  sshKeys: ["ssh-ed25519 AAAA ada@example"],
  hasEmptyRootPassword: true,
  nics: [
    { mac: parseMacAddress("52:54:00:cb:45:11"), address: parseIpv4Cidr("192.168.101.20/24") },
  ],
};
const step = (edit = EDIT) => benchStep("ensureDiskEdited", { vm: VM, edit });

function bed(partitions: readonly DiskPartition[] = [BOOT, HOME, { type: "xfs", entries: ROOT }]) {
  const clock = createFastClock(FAST);
  const virtualSizeBytes = 10 * GIB;
  const files = {
    [BASE]: qcow2File({ virtualSizeBytes, partitions }),
    [disk]: qcow2File({ virtualSizeBytes, backingFile: BASE }),
  };
  const host = createSimHost({ clock, files });
  return { host, bench: createStepBench(host, clock) };
}

async function diskOf(host: SimHost): Promise<readonly DiskPartition[]> {
  const found = readQcow2(await host.readFile(disk));
  return "image" in found ? (found.image.partitions ?? []) : [];
}

/** What shows a disk to the host, and must not be there when nobody edits. */
const held = async (host: SimHost) => ({
  mounts: await host.readFile("/proc/mounts"),
  devices: (await host.exists("/sys/block"))
    ? (
        await Promise.all(
          (
            await host.listFolder("/sys/block")
          ).map((name) => host.exists(`/sys/block/${name}/pid`)),
        )
      ).filter(Boolean).length
    : 0,
  note: await host.exists(nbd),
});
const NOTHING_HELD = { mounts: "", devices: 0, note: false };

const fail = (program: string, words: readonly string[] = []): FaultRule => ({
  match: { kind: "run", program, words },
  action: { kind: "fail", exitCode: 1, stderr: `${program}: Input/output error\n` },
});

/** The host as an agent has it that never comes back from a program. */
const dyingAt = (host: SimHost, program: string, die: () => void): SimHost =>
  new Proxy(host, {
    get: (_, name: keyof SimHost) => {
      if (name === "run") {
        return (command: Parameters<SimHost["run"]>[0]) => {
          if (command.argv[0] !== program) return host.run(command);
          die();
          return new Promise<never>(() => undefined);
        };
      }
      const member: unknown = host[name];
      return typeof member === "function" ? member.bind(host) : member;
    },
  });

describe("ensureDiskEdited", () => {
  it("writes into the partition that has the guest's accounts, and lets the disk go", async () => {
    const { host, bench } = bed();
    const { ended, lines } = await bench.run([step()]);
    assert.equal(ended.state, "succeeded", JSON.stringify(ended.failure));
    const [, home, root] = await diskOf(host);
    assert.deepEqual(home, HOME);
    assert.equal(root?.entries["etc/hostname"], `${VM}\n`);
    assert.equal(root?.entries["etc/shadow"], "bin:*:1::::::\nroot::1::::::\n");
    assert.ok(lines.some((line) => line.includes("DEVELOPMENT ONLY")));
    assert.deepEqual(await held(host), NOTHING_HELD);
  });

  it("edits a disk once: what the guest changed later stays", async () => {
    const { bench } = bed();
    await bench.run([step()]);
    const again = await bench.run([step()]);
    assert.equal(again.ended.result.changedSteps, 0);
  });

  it("leaves a disk alone that was edited on the host it came from", async () => {
    const { host, bench } = bed();
    const before = await host.readFile(disk);
    const { ended } = await bench.run([
      benchStep("ensureDiskEdited", { vm: VM, edit: EDIT, isEdited: true }),
    ]);
    assert.equal(ended.state, "succeeded");
    assert.equal((await bench.run([step()])).ended.result.changedSteps, 0);
    assert.equal(await host.readFile(disk), before);
  });

  it("leaves the base as it is", async () => {
    const { host, bench } = bed();
    const before = await host.readFile(BASE);
    await bench.run([step()]);
    assert.equal(await host.readFile(BASE), before);
  });

  for (const [what, entries] of [
    ["a file leads to the host's", { ...ROOT, "etc/hostname": { link: "/etc/hostname" } }],
    ["a folder leads to the host's", { ...ROOT, root: { link: "../../../../../../root" } }],
  ] as const) {
    it(`writes nothing where ${what}`, async () => {
      const { host, bench } = bed([{ type: "ext4", entries }]);
      const { ended } = await bench.run([step()]);
      assert.equal(ended.failure?.reason, "DISK_EDIT_UNSAFE");
      assert.deepEqual(await held(host), NOTHING_HELD);
      assert.equal(await host.exists("/root/.ssh/authorized_keys"), false);
    });
  }

  it("says which file systems it found where none is a guest's root", async () => {
    const { host, bench } = bed([BOOT, HOME]);
    const { ended } = await bench.run([step()]);
    assert.equal(ended.failure?.reason, "DISK_EDIT_FAILED");
    assert.equal(ended.failure?.metadata["found"], "xfs on /dev/nbd0p2");
    assert.deepEqual(await held(host), NOTHING_HELD);
  });

  it("leaves a device alone that somebody else uses", async () => {
    const { host, bench } = bed();
    const other = "/srv/other.qcow2";
    await host.replaceFile(other, qcow2File({ virtualSizeBytes: GIB }));
    await host.run({ argv: ["modprobe", "nbd"] });
    await host.run({ argv: ["qemu-nbd", "--connect=/dev/nbd0", "--format=qcow2", "--", other] });
    const { ended, commands } = await bench.run([step()]);
    assert.equal(ended.state, "succeeded");
    assert.ok(commands.some((command) => command.startsWith("qemu-nbd --connect=/dev/nbd1")));
    assert.ok(await host.exists("/sys/block/nbd0/pid"));
  });

  it("begins by letting go what an agent that was killed had left", async () => {
    const { host, bench } = bed();
    const executor = EXECUTORS.ensureDiskEdited;
    assert.ok(executor.kind === "ensure");
    const reached = Promise.withResolvers<void>();
    const killed = dyingAt(host, "tee", reached.resolve);
    void executor.apply(stepContext(killed), { vm: VM, edit: EDIT }, { edit: undefined });
    await reached.promise;
    assert.equal((await held(host)).devices, 1);
    const { ended } = await bench.run([step()]);
    assert.equal(ended.state, "succeeded", JSON.stringify(ended.failure));
    assert.deepEqual(await held(host), NOTHING_HELD);
  });

  for (const [program, words] of [
    ["modprobe", ["nbd"]],
    ["qemu-nbd", []],
    ["mount", []],
    ["tee", []],
  ] as const) {
    it(`holds nothing after ${program} failed, and succeeds later`, async () => {
      const { host, bench } = bed();
      host.faults.add(fail(program, words));
      assert.equal((await bench.run([step()])).ended.state, "failed");
      assert.deepEqual(await held(host), NOTHING_HELD);
      assert.equal((await bench.run([step()])).ended.state, "succeeded");
    });
  }

  it("keeps the four properties", async () => {
    const { host } = bed();
    await assertStepProperties({
      host,
      kind: "ensureDiskEdited",
      args: { vm: VM, edit: EDIT },
      look: () => host.exists(marker),
      failure: fail("tee"),
    });
    assert.equal(await host.exists(mount), false);
  });
});
