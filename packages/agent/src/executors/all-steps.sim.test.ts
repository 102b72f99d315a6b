import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { listLinks, listOpenFlows, readPortLimits } from "@switchyard/host";
import { createSimHost, type FaultRule, type SimHost } from "@switchyard/hostsim";
import {
  type AllocatedNic,
  type HostDesired,
  type Inventory,
  type PlannedCommand,
  parseMacAddress,
  parsePciAddress,
  type Step,
  type StepKind,
  VM_RUNTIMES,
} from "@switchyard/model";
import { planHost, planJob } from "@switchyard/planner";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { readInventory } from "../inventory/read-inventory.ts";
import { stepContext } from "../testing/step-properties.ts";
import { DATAPATH, demandingVm, HOST, SRIOV, TORN_DOWN, vmInSlot } from "../testing/testbed.ts";
import type { Executor } from "./executor.ts";
import { EXECUTORS } from "./executors.ts";

const SEED = 3;

const PORTS = ["0000:82:00.0", "0000:82:00.1"].map(parsePciAddress);

const BONDED: HostDesired = {
  ...DATAPATH,
  datapath: {
    mode: "vdpa",
    uplink: { kind: "port", port: 0 },
    vfCount: 2,
    maxVqp: 4,
    bridge: { name: "cxbr1", address: undefined },
    hwOffload: true,
    bond: { name: "bond0", mode: "802.3ad", ports: [{ kind: "port", port: 1 }] },
    slots: PORTS.flatMap((pf, port) =>
      [0, 1].map((vfIndex) => ({
        pf,
        vfIndex,
        mac: parseMacAddress(`52:54:00:cb:01:${port}${vfIndex}`),
      })),
    ),
  },
};

const [NIC] = vmInSlot(0).allocation.nics as [AllocatedNic];

/** One host's way through every kind of datapath and back. */
const WAY: readonly HostDesired[] = [DATAPATH, SRIOV, BONDED, SRIOV, TORN_DOWN];

const inventoryOf = (host: SimHost): Promise<Inventory> =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

/** Names and numbers that kernel and Open vSwitch give by chance or in the order things are made. */
const GIVEN = new Set(["mac", "ofport", "vhostPath", "pid"]);

/** What an agent sees of the host, less what is given by chance. */
async function look(host: SimHost): Promise<unknown> {
  const { nics, ovs, bonds, vms } = await inventoryOf(host);
  const chosen = nics.flatMap(({ pfs }) =>
    pfs.flatMap(({ vfs }) => vfs.map(({ vdpa, adminMac }) => [vdpa?.mac, adminMac])),
  );
  const text = JSON.stringify({ nics, ovs, bonds, vms }, (key, value) =>
    GIVEN.has(key) ? undefined : value,
  );
  return { chosen, host: JSON.parse(text), ports: await lookAtPorts(host, ovs?.bridges ?? []) };
}

/** What the inventory does not tell of ports: flows, MTUs of functions, rows of ours that nobody names. */
async function lookAtPorts(host: SimHost, bridges: readonly { readonly name: string }[]) {
  const flows = await Promise.all(bridges.map(({ name }) => listOpenFlows(host, name)));
  const links = (await listLinks(host)).map(({ netdev, mtu }) => `${netdev} ${mtu}`).sort();
  if (bridges.length === 0) return { flows, links };
  const { rows } = await readPortLimits(host, { port: undefined, mac: NIC.mac });
  return { flows, links, rows: [rows.qos.length, rows.queues.length] };
}

/** A rule that makes this command of the step fail, whatever names it will be given. */
function failureOf(command: PlannedCommand): FaultRule {
  if (command.kind === "write") {
    // A regular file is looked at before it is written.
    const operation = command.path.endsWith(".xml") ? "replace" : "any";
    return {
      match: { kind: "file", operation, pathEnd: command.path },
      action: { kind: "refuse", errno: "EIO" },
    };
  }
  const [program = "", ...words] = command.argv;
  if (program === "rm") return failureOf({ kind: "write", path: words.at(-1) ?? "", text: "" });
  return {
    match: {
      kind: "run",
      program: program.slice(program.lastIndexOf("/") + 1),
      words: words.filter((word) => !word.includes("<")),
    },
    action: { kind: "fail", exitCode: 1, stderr: "a test refuses" },
  };
}

/** A guest agent's command is none of the host's, and a VM that does not heed its button is ended otherwise. */
const isOnHost = (command: PlannedCommand): boolean =>
  command.kind === "run"
    ? !command.argv.some((word) => word.includes("<guest") || word === "shutdown")
    : !command.path.endsWith(".sock");

type AnyEnsure = Extract<Executor<StepKind>, { kind: "ensure" }>;

/**
 * Tries the four properties on a step where its plan has it; the step is done afterwards. A link that is up
 * already, which a plan can't know, has nothing to try.
 */
async function tryStep(host: SimHost, step: Step): Promise<boolean> {
  const executor = EXECUTORS[step.kind] as AnyEnsure;
  const args = step.arguments as never; // the executor's own, by kind
  assert.equal(executor.kind, "ensure");
  const context = () => stepContext(host);
  const probe = () => executor.probe(context(), args);
  const { state, isSatisfied } = await probe();
  if (isSatisfied) return false;
  const bare = await look(host);
  /** As a job does it: what is so already is not done again. */
  const run = async () => {
    const now = await probe();
    if (!now.isSatisfied) await executor.apply(context(), args, now.state);
    assert.equal((await probe()).isSatisfied, true, "it succeeds");
  };
  const undo = async (why: string) => {
    await executor.undo?.(context(), args, state);
    if (executor.undo !== undefined) assert.deepEqual(await look(host), bare, why);
  };
  for (const command of step.commands.filter(isOnHost)) {
    const what = JSON.stringify(command);
    const fail = async () => {
      host.faults.add(failureOf(command));
      await assert.rejects(executor.apply(context(), args, state), `${what} is part of it`);
      host.faults.clear();
    };
    await fail();
    await undo(`a failure of ${what} is undone`);
    await fail();
    await run();
    await undo(`it is undone after ${what} failed and was tried again`);
    if (executor.undo === undefined) break;
  }
  await run();
  const effects = host.effects.length;
  await run();
  assert.equal(host.effects.length, effects, "the second time it changes nothing");
  await undo("it is undone");
  await undo("undoing may be repeated");
  await run();
  return true;
}

/** Kinds that have been tried. */
const tried = new Set<StepKind>();

async function tryAll(host: SimHost, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    try {
      if (await tryStep(host, step)) tried.add(step.kind);
    } catch (error) {
      throw new Error(`${step.id}, ${step.title}`, { cause: error });
    }
  }
}

describe("every step of a host's way through the datapaths", () => {
  const host = createSimHost({ name: HOST, random: seededRandom(SEED) });
  for (const [at, desired] of WAY.entries()) {
    const name = `${at + 1}. to ${desired.datapath?.mode ?? "nothing"}`;
    it(`has the four properties on the way ${name}`, async () => {
      await tryAll(host, planHost(desired, await inventoryOf(host)).steps);
      assert.deepEqual(planHost(desired, await inventoryOf(host)).steps, []);
    });
  }
});

describe("every step of a VM's life", () => {
  for (const runtime of VM_RUNTIMES)
    it(`has the four properties with ${runtime}`, async () => {
      const host = createSimHost({ name: HOST, random: seededRandom(SEED) });
      const run = async (steps: readonly Step[]) => {
        for (const step of steps) {
          const executor = EXECUTORS[step.kind] as AnyEnsure;
          const { state } = await executor.probe(stepContext(host), step.arguments as never);
          await executor.apply(stepContext(host), step.arguments as never, state);
        }
      };
      await run(planHost(DATAPATH, await inventoryOf(host)).steps);
      for (const kind of ["start-vm", "delete-vm"] as const) {
        const vm = demandingVm(0);
        const spec = { kind, vm: { ...vm, spec: { ...vm.spec, runtime } } };
        const { steps } = planJob(spec, await inventoryOf(host));
        await tryAll(
          host,
          steps.filter((step) => EXECUTORS[step.kind].kind === "ensure"),
        );
      }
    });
});

/** Kinds with set-ups of their own, and where their properties are tested. */
const ELSEWHERE: Partial<Record<StepKind, string>> = {
  ensureArtefact: "artefact/ensure-artefact.sim.test.ts",
  ensureBiosSettings: "bmc/ensure-bios-settings.sim.test.ts",
  ensureNicVirtualization: "bmc/ensure-nic-virtualization.sim.test.ts",
  ensureCardReset: "firmware/ensure-card-reset.sim.test.ts",
  ensureDefaultKernel: "system/kernel.sim.test.ts",
  ensureDiskSize: "image/image.sim.test.ts",
  ensureDriverInstalled: "driver/driver.test.ts",
  ensureDriverLoaded: "driver/driver.test.ts",
  ensureFirmwareConfig: "firmware/ensure-firmware-config.sim.test.ts",
  ensureFirmwareStored: "firmware/ensure-firmware-stored.sim.test.ts",
  ensureImage: "image/image.sim.test.ts",
  ensureInitramfs: "system/kernel.sim.test.ts",
  ensureKernelArguments: "system/kernel.sim.test.ts",
  ensureLibvirtUser: "virtualization/virtualization.test.ts",
  ensureModulesAtBoot: "system/kernel.sim.test.ts",
  ensureDiskCopy: "image/disk-copy.sim.test.ts",
  ensureNoOverlay: "image/image.sim.test.ts",
  ensureOverlay: "image/image.sim.test.ts",
  ensurePackages: "system/packages.sim.test.ts",
  ensureQemuBuilt: "virtualization/virtualization.test.ts",
  ensureQemuLink: "virtualization/virtualization.test.ts",
  ensurePoweredOff: "bmc/ensure-powered-off.sim.test.ts",
  ensureRebooted: "reboot/ensure-rebooted.test.ts",
  ensureRepositories: "system/packages.sim.test.ts",
  ensureSeed: "image/image.sim.test.ts",
  ensureVmAwaited: "vm/live-move.sim.test.ts",
  ensureVmMigrated: "vm/live-move.sim.test.ts",
  ensureVmResumed: "vm/live-move.sim.test.ts",
  ensureVmKept: "vm/live-move.sim.test.ts",
  tellMigration: "vm/live-move.sim.test.ts",
  ensureVcpusPinned: "vm/ensure-vcpus-pinned.sim.test.ts",
  ensureDiskEdited: "image/disk-edit.sim.test.ts",
  ensureVfPortSettings: "datapath/sriov.sim.test.ts",
  // These two change nothing.
  noop: "../agent.sim.test.ts",
  pingFromGuest: "../agent.sim.test.ts",
  sealDisk: "image/disk-copy.sim.test.ts",
};

describe("every kind of step", () => {
  const kinds = Object.keys(EXECUTORS) as readonly StepKind[];

  it("was tried here or is tried in a test of its own", async () => {
    assert.deepEqual(
      kinds.filter((kind) => !tried.has(kind) && ELSEWHERE[kind] === undefined),
      [],
    );
    assert.deepEqual(
      kinds.filter((kind) => tried.has(kind) && ELSEWHERE[kind] !== undefined),
      [],
      "one place is enough",
    );
  });

  for (const [kind, file] of Object.entries(ELSEWHERE)) {
    if (file.startsWith("../")) continue;
    it(`${kind} is in ${file}`, async () => {
      const text = await readFile(new URL(file, import.meta.url), "utf8");
      assert.ok(text.includes(kind));
    });
  }
});
