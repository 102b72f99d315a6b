import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { HostState, JobState } from "@switchyard/client";
import {
  buildImages,
  type Engine,
  ensureStockImages,
  findEngine,
  type NoEngine,
} from "@switchyard/dev/containers";
import { createMainJob, createReport, vdpaDatapath } from "@switchyard/dev/main-job";
import {
  Network,
  PlanGoal,
  PlanState,
  Rollout,
  RolloutHostState,
  RolloutState,
  Vm,
  VmState,
} from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { checkEffectsOnce, checkHistory } from "../chaos/harness/checker.ts";
import type { ContainerCluster } from "./cluster.ts";
import { COMPOSE_HOSTS, type Compose, findCompose, type NoCompose } from "./compose.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TIMEOUTS = { hostReadyMs: 120_000, jobMs: 120_000, vmStartMs: 120_000 };
const DONE_MS = 180_000;
/** Where images have to be built first, on a machine that does much else. */
const FILE_MS = 900_000;

const engine: Engine | NoEngine = await findEngine();
const skip = "reason" in engine ? `no container engine: ${engine.reason}` : false;
const compose: Compose | NoCompose = "reason" in engine ? engine : await findCompose(engine);
const skipCompose = "reason" in compose ? `no compose: ${compose.reason}` : false;

before(
  async () => {
    if ("reason" in engine) return;
    for (const line of await ensureStockImages(engine)) process.stderr.write(`# ${line}\n`);
    await buildImages(engine, ROOT);
  },
  { timeout: FILE_MS },
);
after(async () => {
  if (!("reason" in engine)) await engine.stop();
});

describe("parts in containers, on simulated hosts", { skip, timeout: FILE_MS }, () => {
  let cluster: ContainerCluster;
  const job = (controller: 0 | 1 = 0) =>
    createMainJob({
      client: cluster.clients[controller],
      report: createReport(process.stderr),
      timeouts: TIMEOUTS,
    });
  const names = () => cluster.agents.map(({ host }) => `hosts/${host}`);

  /** Begins a span in which everything is wished for once; the function ends it and looks at every machine. */
  const watchMachines = async () => {
    const begins = await Promise.all(
      cluster.agents.map(async ({ host }) => (await cluster.effectsOf(host)).length),
    );
    return async () => {
      for (const [index, { host }] of cluster.agents.entries()) {
        checkEffectsOnce((await cluster.effectsOf(host)).slice(begins[index]), host);
      }
    };
  };

  const toggle = async (id: string, hwOffload: boolean, meanwhile: () => Promise<void>) => {
    const [, client] = cluster.clients;
    await client.rollouts.createRollout({
      rolloutId: id,
      rollout: Rollout.fromPartial({
        spec: {
          profile: "profiles/vdpa",
          change: { hwOffload },
          strategy: { waveCount: 2, maxUnavailableCount: 3, soak: { seconds: 0n, nanos: 0 } },
        },
      }),
      requestId: id,
      validateOnly: false,
    });
    await meanwhile();
    const over: readonly RolloutState[] = [
      RolloutState.SUCCEEDED,
      RolloutState.HALTED,
      RolloutState.FAILED,
    ];
    const done = await waitFor(
      async () => {
        const rollout = await client.rollouts.getRollout({ name: `rollouts/${id}` });
        return over.includes(rollout.state) ? rollout : undefined;
      },
      { deadlineMs: DONE_MS },
    );
    assert.equal(done.state, RolloutState.SUCCEEDED, done.stateReason);
    const { hosts } = await client.rollouts.listRolloutHosts({ rollout: done.name });
    assert.deepEqual(
      hosts.map(({ state }) => state),
      names().map(() => RolloutHostState.UPDATED),
    );
  };

  before(startAll, { timeout: FILE_MS });
  async function startAll(): Promise<void> {
    if ("reason" in engine) return;
    process.env["DOCKER_HOST"] = engine.host;
    // Its reaper is an image too; what is left of a killed run is removed with the next one.
    process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
    if (engine.isOurs) process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1";
    const { startContainers } = await import("./cluster.ts");
    cluster = await startContainers(engine);
  }
  after(() => cluster?.stop());

  it("has six agents with addresses of their own, enrolled at both controllers over TLS", async () => {
    const hosts = await Promise.all(names().map((host) => job().readyHost(host)));
    assert.ok(hosts.every(({ inventory }) => (inventory?.nics.length ?? 0) > 0));
    assert.equal(new Set(cluster.agents.map((agent) => agent.address())).size, names().length);
  });

  it("does the main job: hosts by a profile, a VM on each, pings between them", async () => {
    const endSpan = await watchMachines();
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    const datapath = vdpaDatapath({ vfCount: 2, maxVqp: 8, bridgeAddresses });
    await job().createProfile("vdpa", datapath, { role: "vm-host" });
    await job(1).createNetwork("lan", NETWORK);
    await Promise.all(
      names().map(async (host, index) => {
        const own = job(index % 2 === 0 ? 0 : 1);
        const plan = await own.plan(host, PlanGoal.APPLY_PROFILE);
        assert.equal(plan.state, PlanState.READY, JSON.stringify(plan.findings));
        assert.equal((await own.apply(plan)).state, JobState.SUCCEEDED);
      }),
    );
    const vms = await Promise.all(
      cluster.agents.map(({ host }) => job().createVm(`vm-${host}`, vmOn(host))),
    );
    for (const vm of vms) assert.equal(vm.state, VmState.RUNNING, vm.failure?.message);
    const [first, ...others] = vms.map((vm) => vm.allocation?.address.split("/")[0] ?? "");
    for (const target of ["192.168.101.2", ...others]) {
      const { received, transmitted } = await job(1).ping(vms[0]?.name ?? "", target);
      assert.ok(received === transmitted && received > 0, `${first} to ${target}`);
    }
    await endSpan();
  });

  it("switches offload off over the fleet while a host is cut off until it is missed, and is back", async () => {
    const endSpan = await watchMachines();
    const [client] = cluster.clients;
    const cut = cluster.agents.at(-1);
    assert.ok(cut !== undefined);
    const stateOf = async () => (await client.hosts.getHost({ name: `hosts/${cut.host}` })).state;
    await toggle("offload-off", false, async () => {
      await cut.cutOff();
      await waitFor(async () => (await stateOf()) === HostState.SUSPECT, { deadlineMs: DONE_MS });
      await cut.reconnect();
    });
    assert.equal(await stateOf(), HostState.READY);
    await endSpan();
  });

  it("switches it on again while Postgres and NATS are started anew", async () => {
    const endSpan = await watchMachines();
    await toggle("offload-on", true, async () => {
      await cluster.nats.restart();
      await cluster.postgres.restart();
    });
    await endSpan();
  });

  it("has lost no job, and done none twice", async () => {
    const history = await checkHistory(cluster.databaseUrl());
    assert.ok(history.length >= 4 * names().length, `${history.length} jobs`);
    const { received, transmitted } = await job().ping(`vms/vm-r740-01`, "192.168.101.2");
    assert.equal(received, transmitted);
  });
});

describe("deploy/containers/compose.yaml", { skip: skipCompose, timeout: FILE_MS }, () => {
  const run: Compose = (...args) => {
    if ("reason" in compose) throw new Error(compose.reason);
    return compose(...args);
  };
  const swy = (...args: readonly string[]) => run("run", "--rm", "-T", "swy", ...args);
  const hostsReady = () =>
    waitFor(
      async () => {
        const { hosts } = JSON.parse(await swy("host", "list", "--output", "json")) as {
          readonly hosts: readonly { readonly state: string }[];
        };
        const ready = hosts.filter(({ state }) => state === "HOST_STATE_READY");
        return ready.length === COMPOSE_HOSTS;
      },
      { deadlineMs: DONE_MS },
    );
  after(() => run("down", "--volumes"));

  it("comes up as the page says, and does a rollout over its hosts", async () => {
    await run("up", "--detach");
    await hostsReady();
    await swy("profile", "create", "vdpa", ...PROFILE_WORDS, "--yes");
    const over = ["--profile", "vdpa", "--waves", "1", "--max-unavailable", "6", "--soak", "0"];
    assert.match(await swy("rollout", "start", "first", ...over, "--yes"), /\+ succeeded/);
  });
});

const PROFILE_WORDS = [
  ...["--selector", "role=vm-host", "--mode", "vdpa", "--uplink-port", "0", "--vfs", "2"],
  ...["--max-vqp", "8", "--bridge", "cxbr0", "--hw-offload"],
  ...["--bridge-addresses", "192.168.101.2-192.168.101.19/24"],
];

const NETWORK = Network.fromPartial({
  spec: {
    bridge: "cxbr0",
    subnet: "192.168.101.0/24",
    ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
    macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:99" },
  },
});

const vmOn = (host: string): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: 2n * 1024n ** 3n,
      boot: {
        $case: "disk",
        value: { path: "/var/lib/switchyard/images/rocky9.qcow2", format: "qcow2" },
      },
      network: "networks/lan",
      queuePairs: 2,
      hostSelector: { name: host },
      hasGuestAgent: true,
    },
  });
