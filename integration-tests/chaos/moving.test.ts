import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Image, type Move, MoveMode, MovePhase, PlanGoal, Vm, VmState } from "@switchyard/client";
import { createSimWeb, qcow2File } from "@switchyard/hostsim";
import { VM_DISK_FOLDER, vmDiskPaths, vmPaths } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { testSeed, waitFor } from "@switchyard/testkit";
import type { AgentProcess } from "./harness/agents.ts";
import { query } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { checkLeaks } from "./harness/leaks.ts";
import { createHostWork, createIntent } from "./harness/work.ts";

const GIB = 1024 ** 3;
const URL = "https://images.example/rocky9";
/** Some pieces, so that a copy can be cut in its middle. */
const ROCKY = qcow2File({ virtualSizeBytes: 10 * GIB, content: "rocky9" });
const VM = "vms/web-1";
const DISK = vmDiskPaths("web-1").disk;
const DEADLINE_MS = 120_000;
/** A guest whose memory is sent in so long can be met in the middle of it. */
const SLOW_SEND_MS = 3_000;
/** Boundaries of a move's jobs, from the acceptance of the first on. */
const BOUNDARIES = [2, 4, 6, 9] as const;
/** Of a live one, whose source's first job has one step. */
const LIVE_BOUNDARIES = { source: [2, 5], target: [9, 14] } as const;
/** Its mlx5_vdpa can be suspended. */
const kernelRelease = "6.12.0-55.9.1.el9_4.x86_64";
const NEW_KERNELS = Object.fromEntries(
  [1, 2, 3].map((number) => [`r740-0${number}`, { kernelRelease }]),
);

const vmSpec = Vm.fromPartial({
  spec: {
    vcpuCount: 2,
    memoryBytes: 2n * BigInt(GIB),
    boot: { $case: "image", value: { image: "images/rocky9" } },
    network: "networks/lan",
    hasGuestAgent: true,
  },
});

const isEnd = ({ phase }: Move) => phase === MovePhase.DONE || phase === MovePhase.FAILED;

describe("a VM that is moved while what moves it is killed", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  let cluster: Cluster;
  let written = "";
  const client = () => cluster.client;
  const agentOf = (host: string): AgentProcess => {
    const found = cluster.agents.find((agent) => agent.host === host);
    assert.ok(found !== undefined, host);
    return found;
  };
  const hostOf = async () => (await client().vms.getVm({ name: VM })).allocation?.host ?? "";
  const otherThan = (host: string) => {
    const others = cluster.agents.filter((agent) => agent.host !== host);
    return others[Math.floor(random.float() * others.length)]?.host ?? "";
  };
  /** Hosts on which its guest runs: never more than one, at no instant that anybody looks. */
  const runningOn = () =>
    cluster.agents
      .filter(({ sim }) =>
        [...sim.machine.boot.processes.values()].some(
          ({ qemu }) => qemu?.name === "web-1" && qemu.status === "running",
        ),
      )
      .map(({ host }) => host);
  /** When the guest that runs there was booted. */
  const bootTimeOn = (host: string) =>
    [...agentOf(host).sim.machine.boot.processes.values()].find(
      ({ qemu }) => qemu?.name === "web-1",
    )?.qemu?.guest.bootedAtMs;
  const ended = (name: string) =>
    waitFor(
      async () => {
        assert.ok(runningOn().length <= 1, `it runs on ${runningOn()}`);
        const move = await client()
          .moves.getMove({ name })
          .catch(() => undefined);
        return move !== undefined && isEnd(move) ? move : undefined;
      },
      { deadlineMs: DEADLINE_MS, pollMs: 50 },
    );
  const qemus = () =>
    cluster.agents.flatMap(({ sim }) =>
      [...sim.machine.boot.processes.values()].flatMap(({ qemu }) => qemu ?? []),
    );
  const standsStill = () => qemus().some(({ status }) => status === "postmigrate");
  /** Also where it went by unseen. */
  const isAllocatedThere = async (name: string) => {
    const text = `SELECT FROM moves WHERE 'moves/' || id = '${name}'
      AND phase IN ('starting', 'clearing', 'done')`;
    return (await query(cluster.databaseUrl, text)).length > 0;
  };
  /** Begins a live move whose memory takes a while to be sent. @returns while it is */
  const beginSlowly = async (source: string): Promise<Move> => {
    const { spec } = agentOf(source).sim.machine;
    Object.assign(spec, { guestMemorySendMs: SLOW_SEND_MS });
    try {
      const request = { vm: VM, targetHost: otherThan(source), mode: MoveMode.LIVE };
      const move = await client().moves.moveVm(request);
      await waitFor(() => qemus().some(({ migration }) => migration.status === "active"), {
        ...{ deadlineMs: DEADLINE_MS, pollMs: 5 },
      });
      return move;
    } finally {
      Object.assign(spec, { guestMemorySendMs: 0 });
    }
  };
  /** Tables of the database with these words in any row, as text, in bytes or in base64. */
  const tablesWith = async (words: string): Promise<readonly string[]> => {
    const tables = await query<{ readonly name: string }>(
      cluster.databaseUrl,
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const bytes = Buffer.from(words, "hex");
    const forms = [words, Buffer.from(words).toString("hex")];
    if (bytes.length > 0) forms.push(bytes.toString("base64"), bytes.toString("base64url"));
    const any = forms.map((form) => `position('${form}' IN r::text) > 0`).join(" OR ");
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await query(
        cluster.databaseUrl,
        `SELECT FROM ${name} AS r WHERE ${any} LIMIT 1`,
      );
      if (rows.length > 0) found.push(name);
    }
    return found;
  };
  /** It is alive once, with its disk, and nothing of it is anywhere else. */
  const whole = async (why: string) => {
    await waitFor(async () => (await client().vms.getVm({ name: VM })).state === VmState.RUNNING, {
      deadlineMs: DEADLINE_MS,
    });
    const host = await hostOf();
    assert.deepEqual(runningOn(), [host], why);
    for (const { host: each, sim } of cluster.agents) {
      const disks = (await sim.exists(VM_DISK_FOLDER)) ? await sim.listFolder(VM_DISK_FOLDER) : [];
      assert.deepEqual(disks, each === host ? ["web-1"] : [], `${why}: disks of ${each}`);
      const { capacity } = await client().hosts.getHost({ name: each });
      const taken = (capacity?.slotCount ?? 0) - (capacity?.slotFreeCount ?? 0);
      assert.equal(taken, each === host ? 1 : 0, `${why}: slots of ${each}`);
    }
    assert.equal(await agentOf(host).sim.readFile(DISK), written, why);
  };

  before(async () => {
    cluster = await startCluster({
      ...{ hosts: 3, controllers: 2, seed },
      web: createSimWeb({ [URL]: ROCKY }),
      overrides: NEW_KERNELS,
    });
    await createIntent(client());
    for (const agent of cluster.agents) {
      const work = createHostWork(client(), agent);
      await work.ready();
      await work.ended(await work.apply(PlanGoal.APPLY_PROFILE));
    }
    const sha256 = createHash("sha256").update(ROCKY).digest("hex");
    await client().images.createImage({
      imageId: "rocky9",
      image: Image.fromPartial({ spec: { source: URL, sha256, format: "qcow2" } }),
    });
    const [agent] = cluster.agents;
    assert.ok(agent !== undefined);
    const { job } = await client().vms.createVm({ vmId: "web-1", vm: vmSpec });
    await createHostWork(client(), agent).ended(job);
    const { sim } = agentOf(await hostOf());
    written = `${await sim.readFile(DISK)}`.replace(
      '"virtualSizeBytes"',
      `"content":"${"x".repeat(600_000)}","virtualSizeBytes"`,
    );
    await sim.replaceFile(DISK, written);
  });
  after(() => cluster.stop());

  for (const side of ["source", "target"] as const) {
    for (const boundary of BOUNDARIES) {
      it(`is whole though the ${side}'s agent is killed at boundary ${boundary} of its next job`, async () => {
        const source = await hostOf();
        const target = otherThan(source);
        const agent = agentOf(side === "source" ? source : target);
        agent.setTrap(boundary);
        const { name } = await client().moves.moveVm({
          ...{ vm: VM, targetHost: target },
          mode: MoveMode.COLD,
        });
        const move = await ended(name);
        agent.clearTrap();
        assert.equal(move.phase, MovePhase.DONE, JSON.stringify(move.failure));
        await whole(`${side} killed at ${agent.trappedAt()}`);
      });
    }
  }

  for (const side of ["source", "target"] as const) {
    for (const boundary of LIVE_BOUNDARIES[side]) {
      it(`runs on in one place though the ${side}'s agent is killed at boundary ${boundary} of its live move`, async () => {
        const source = await hostOf();
        const target = otherThan(source);
        const agent = agentOf(side === "source" ? source : target);
        const booted = bootTimeOn(source);
        agent.setTrap(boundary);
        const { name } = await client().moves.moveVm({
          ...{ vm: VM, targetHost: target },
          mode: MoveMode.LIVE,
        });
        const move = await ended(name);
        agent.clearTrap();
        const why = `${side} killed at ${agent.trappedAt()}`;
        assert.equal(move.phase, MovePhase.DONE, `${why}: ${JSON.stringify(move.failure)}`);
        await whole(why);
        assert.equal(bootTimeOn(target), booted, `${why}: the guest went on`);
      });
    }
  }

  it("stays where it is when its live move is cancelled in the middle of the copy", async () => {
    const source = await hostOf();
    const booted = bootTimeOn(source);
    const { name } = await beginSlowly(source);
    const { job } = await client().moves.getMove({ name });
    await client().jobs.cancelJob({ name: job });
    const move = await ended(name);
    assert.deepEqual([move.phase, move.failure?.reason], [MovePhase.FAILED, "JOB_CANCELLED"]);
    await whole("cancelled");
    assert.deepEqual([await hostOf(), bootTimeOn(source)], [source, booted]);
    await checkLeaks(cluster, "cancelled");
  });

  it("goes live though its agents are killed in the middle, and its key is nowhere on record", async () => {
    const source = await hostOf();
    const booted = bootTimeOn(source);
    const { name, targetHost } = await beginSlowly(source);
    const keyFile = `${vmPaths("web-1").tlsFolder}/keys.psk`;
    const key = (await agentOf(targetHost).sim.readFile(keyFile)).trim().slice("qemu:".length);
    assert.match(key, /^[0-9a-f]{64}$/);
    for (const host of [source, targetHost]) agentOf(host).kill9();
    const move = await ended(name);
    assert.equal(move.phase, MovePhase.DONE, JSON.stringify(move.failure));
    await whole("agents killed in mid-copy");
    assert.equal(bootTimeOn(targetHost), booted, "the guest went on");
    assert.deepEqual(await tablesWith(key), []);
    assert.ok(
      (await tablesWith(name.slice("moves/".length))).includes("moves"),
      "it is looked for",
    );
    assert.equal(await agentOf(targetHost).sim.exists(keyFile), false);
  });

  for (const [when, isThere] of [
    ["before its allocation is switched", () => standsStill()],
    ["before the waiting QEMU is let run", isAllocatedThere],
  ] as const) {
    it(`goes live though the controllers are killed ${when}`, async () => {
      const source = await hostOf();
      const booted = bootTimeOn(source);
      const target = otherThan(source);
      const request = { vm: VM, targetHost: target, mode: MoveMode.LIVE };
      const { name } = await client().moves.moveVm(request);
      await waitFor(() => isThere(name), { deadlineMs: DEADLINE_MS, pollMs: 1 });
      for (const controller of cluster.controllers) controller.kill9();
      await Promise.all(cluster.controllers.map((controller) => controller.ready()));
      const move = await ended(name);
      assert.equal(move.phase, MovePhase.DONE, JSON.stringify(move.failure));
      await whole(`controllers killed ${when}`);
      assert.equal(bootTimeOn(target), booted, "the guest went on");
    });
  }

  it("is whole though both controllers are killed again and again", async () => {
    for (let round = 0; round < 3; round += 1) {
      const target = otherThan(await hostOf());
      const { name } = await client().moves.moveVm({
        ...{ vm: VM, targetHost: target },
        // By turns live and cold.
        mode: round % 2 === 0 ? MoveMode.LIVE : MoveMode.COLD,
      });
      const [first, second] = cluster.controllers;
      assert.ok(first !== undefined && second !== undefined);
      for (const controller of [first, second]) {
        controller.kill9();
        await controller.ready();
      }
      const move = await ended(name);
      assert.equal(move.phase, MovePhase.DONE, JSON.stringify(move.failure));
      await whole(`controllers killed in round ${round}`);
    }
  });
});
