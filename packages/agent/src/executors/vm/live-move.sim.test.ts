import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHostKey, type HostKey, sealForHost } from "@switchyard/bus";
import { createSimFleet, type SimHost } from "@switchyard/hostsim";
import {
  type MigrationChannel,
  migrationKeyPurpose,
  parseMoveId,
  type Step,
  type StepArguments,
  type StepKind,
  vmDiskPaths,
  vmPaths,
} from "@switchyard/model";
import { planHost, planJob } from "@switchyard/planner";
import { systemClock } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import { createRecordingHost } from "../../jobs/recording-host.ts";
import { assertStepProperties, stepContext, TEST_HOST_KEY } from "../../testing/step-properties.ts";
import { DATAPATH, vmInSlot } from "../../testing/testbed.ts";
import type { StepContext } from "../executor.ts";
import { EXECUTORS } from "../executors.ts";

const MOVE = parseMoveId("0190c8a4-0000-7000-8000-00000000000a");
const vm = vmInSlot(0);
const { vm: name } = vm;
/** Another key than the one that is waited for. */
const sealedAnew = ({ nkeyPublic }: HostKey) =>
  sealForHost(nkeyPublic, Buffer.alloc(32), migrationKeyPurpose(MOVE));

const AWAITED = { vm, move: MOVE, sender: TEST_HOST_KEY.nkeyPublic } as const;
const NEW_KERNEL = "6.12.0-55.9.1.el9_4.x86_64";

const inventoryOf = (host: SimHost) =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

async function apply<Kind extends StepKind>(
  host: SimHost,
  kind: Kind,
  args: StepArguments[Kind],
): Promise<boolean> {
  const executor = EXECUTORS[kind];
  assert.ok(executor.kind === "ensure");
  const { state } = await executor.probe(stepContext(host), args);
  await executor.apply(stepContext(host), args, state);
  return (await executor.probe(stepContext(host), args)).isSatisfied;
}

async function run(host: SimHost, steps: readonly Step[]): Promise<void> {
  for (const { kind, arguments: args } of steps) {
    if (EXECUTORS[kind].kind === "ensure") await apply(host, kind, args as never);
  }
}

const qemuOf = (host: SimHost) =>
  [...host.machine.boot.processes.values()].find(({ qemu }) => qemu?.name === name)?.qemu;

/** What there is of the VM, without what is given by chance. */
const look = async (host: SimHost) => ({
  status: qemuOf(host)?.status,
  ports: [...host.machine.managementPorts.values()].filter(({ qemu }) => qemu === qemuOf(host))
    .length,
  tlsKeys: qemuOf(host)?.migration.tlsKeys.size,
  files: (await host.exists(vmPaths(name).folder))
    ? await host.listFolder(vmPaths(name).folder)
    : [],
});

/** The VM runs on the first; the second is ready for all of it but its QEMU. */
async function twoHosts(kernelRelease = NEW_KERNEL) {
  const fleet = createSimFleet({
    ...{ hosts: 2, seed: 4 },
    overrides: { "r740-01": { kernelRelease }, "r740-02": { kernelRelease } },
  });
  const [source, target] = fleet.hosts as [SimHost, SimHost];
  for (const host of [source, target]) {
    await run(host, planHost(DATAPATH, await inventoryOf(host)).steps);
  }
  await run(source, planJob({ kind: "start-vm", vm }, await inventoryOf(source)).steps);
  const spec = { kind: "await-vm", ...AWAITED } as const;
  const steps = planJob(spec, await inventoryOf(target)).steps;
  await run(
    target,
    steps.filter(({ kind }) => kind !== "ensureVmAwaited"),
  );
  return { source, target };
}

async function channelOf(host: SimHost): Promise<MigrationChannel> {
  const { tellMigration } = EXECUTORS;
  assert.ok(tellMigration.kind === "observe");
  const { migration } = await tellMigration.observe(stepContext(host), { vm: name });
  assert.ok(migration?.channel !== undefined, "tellMigration tells of the channel");
  return migration.channel;
}

/** All of the guest is on the second host, and stands still on both. */
async function arrived() {
  const { source, target } = await twoHosts();
  assert.ok(await apply(target, "ensureVmAwaited", AWAITED));
  const channel = await channelOf(target);
  assert.ok(await apply(source, "ensureVmMigrated", { vm: name, channel }));
  return { source, target, channel };
}

describe("the steps of a live move", () => {
  it("ensureVmAwaited has the four properties, and leaves no port open", async () => {
    const { target } = await twoHosts();
    for (const pathEnd of ["keys.psk", "migration.json"]) {
      await assertStepProperties({
        ...{ host: target, kind: "ensureVmAwaited", args: AWAITED },
        look: () => look(target),
        failure: {
          match: { kind: "file", operation: "replace", pathEnd },
          action: { kind: "refuse", errno: "ENOSPC" },
        },
      });
    }
  });

  it("ensureVmMigrated has the four properties: taken back, the guest goes on", async () => {
    const { source, target } = await twoHosts();
    await apply(target, "ensureVmAwaited", AWAITED);
    const bootedAtMs = qemuOf(source)?.guest.bootedAtMs;
    await assertStepProperties({
      ...{ host: source, kind: "ensureVmMigrated" },
      args: { vm: name, channel: await channelOf(target) },
      look: () => look(source),
      failure: {
        match: { kind: "file", operation: "replace", pathEnd: "keys.psk" },
        action: { kind: "refuse", errno: "ENOSPC" },
      },
    });
    assert.equal(qemuOf(target)?.status, "paused", "it runs in one place only");
    assert.equal(qemuOf(source)?.guest.bootedAtMs, bootedAtMs);
  });

  it("keep the key out of the audit", async () => {
    const { source, target } = await twoHosts();
    const told: string[] = [];
    const audited = (host: SimHost) => {
      const record: StepContext["record"] = ({ argv }) => told.push(argv.join(" "));
      return stepContext(host, { record, host: createRecordingHost(host, systemClock, record) });
    };
    const { ensureVmAwaited, ensureVmMigrated } = EXECUTORS;
    assert.ok(ensureVmAwaited.kind === "ensure" && ensureVmMigrated.kind === "ensure");
    await ensureVmAwaited.apply(audited(target), AWAITED, undefined);
    const key = (await target.readFile(`${vmPaths(name).tlsFolder}/keys.psk`)).slice(5).trim();
    const args = { vm: name, channel: await channelOf(target) };
    await ensureVmMigrated.apply(audited(source), args, undefined);
    const writes = told.filter((line) => line.includes("keys.psk"));
    assert.equal(writes.length, 2, "both writes are told");
    assert.ok(told.every((line) => !line.includes(key)));
  });

  it("ensureVmResumed lets the guest go on once, and closes what was open", async () => {
    const { source, target } = await arrived();
    const bootedAtMs = qemuOf(source)?.guest.bootedAtMs;
    for (let time = 1; time <= 2; time += 1) {
      assert.ok(await apply(target, "ensureVmResumed", { vm: name, move: MOVE }));
      const { status, ports, tlsKeys, files } = await look(target);
      assert.deepEqual([status, ports, tlsKeys], ["running", 0, 0], `time ${time}`);
      assert.equal(files.includes("tls"), false, "the key is gone");
    }
    assert.equal((await look(source)).files.includes("tls"), false);
    assert.equal(qemuOf(target)?.guest.bootedAtMs, bootedAtMs);
    assert.equal(qemuOf(source)?.status, "postmigrate");
  });

  it("ensureVmResumed tells a guest that never ran here from one that did", async () => {
    const never = await arrived();
    never.target.killVm(name);
    const resume = (host: SimHost) => apply(host, "ensureVmResumed", { vm: name, move: MOVE });
    await assert.rejects(resume(never.target), { reason: "VM_NOT_ARRIVED" });
    const once = await arrived();
    await once.target.makeFolder(vmDiskPaths(name).folder);
    assert.ok(await resume(once.target));
    once.target.killVm(name);
    await assert.rejects(resume(once.target), { reason: "VM_START_FAILED" });
    await once.target.remove(vmPaths(name).folder);
    await assert.rejects(resume(once.target), { reason: "VM_START_FAILED" }, "also after a boot");
    const unwritten = await arrived();
    await unwritten.target.makeFolder(vmDiskPaths(name).folder);
    unwritten.target.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: "resumed" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    await assert.rejects(resume(unwritten.target), { reason: "VM_NOT_ARRIVED" });
    assert.equal(qemuOf(unwritten.target)?.status, "paused");
  });

  it("ensureVmKept brings the guest back to where it was, and may run twice", async () => {
    const { source } = await arrived();
    for (let time = 1; time <= 2; time += 1) {
      assert.ok(await apply(source, "ensureVmKept", { vm: name }), `time ${time}`);
      const { status, tlsKeys } = await look(source);
      assert.deepEqual([status, tlsKeys], ["running", 0]);
    }
    await source.replaceFile(`${vmPaths(name).tlsFolder}/keys.psk`, "qemu:00\n");
    assert.ok(await apply(source, "ensureVmKept", { vm: name }));
    assert.equal((await look(source)).files.includes("tls"), false, "a key left behind is gone");
    source.killVm(name);
    assert.equal(await apply(source, "ensureVmKept", { vm: name }), false);
  });

  it("says in QEMU's words why a guest does not go", async () => {
    const { source, target } = await twoHosts("5.14.0-427.13.1.el9_4.x86_64");
    await apply(target, "ensureVmAwaited", AWAITED);
    const channel = await channelOf(target);
    const send = (to: MigrationChannel) =>
      apply(source, "ensureVmMigrated", { vm: name, channel: to });
    await assert.rejects(send(channel), ({ reason, metadata }) => {
      assert.equal(reason, "MIGRATION_REFUSED");
      assert.match(metadata.found, /vhost lacks VHOST_F_LOG_ALL feature/);
      return true;
    });
    const able = await arrived();
    await apply(able.source, "ensureVmKept", { vm: name });
    for (const [wrong, words] of [
      [{ memoryPort: 49_200 }, /Connection refused/],
      [{ sealedKey: sealedAnew(TEST_HOST_KEY) }, /refused|TLS/],
      [{ sealedKey: sealedAnew(createHostKey()) }, /sealed to another key/],
    ] as const) {
      const to = { ...able.channel, ...wrong };
      await assert.rejects(
        apply(able.source, "ensureVmMigrated", { vm: name, channel: to }),
        ({ reason, metadata }) => reason === "MIGRATION_FAILED" && words.test(metadata.found),
      );
    }
    assert.equal(qemuOf(able.source)?.status, "running");
  });
});
