import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ConnectConsoleRequest, ConnectConsoleResponse } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { HostKind, JobState, Network, PlanGoal, Vm } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const MIB = 1024 ** 2;
/** A question asked just before the agent is back waits its whole time. */
const RECONNECT_DEADLINE_MS = 60_000;
const VM = "vms/web-1";
/** The path of an image that simulated hosts have, whose root has no password. */
const DISK = "/root/downloads/rocky9-vhost-vdpa-0.qcow2";

/** One caller's console: types when told to, and shows what came. */
function openConsole(stack: Stack, take = false) {
  const typed: ConnectConsoleRequest[] = [
    { message: { $case: "open", value: { name: VM, take } } },
  ];
  let wake = Promise.withResolvers<void>();
  const leaving = new AbortController();
  async function* requests(): AsyncGenerator<ConnectConsoleRequest> {
    for (;;) {
      const next = typed.shift();
      if (next === undefined) await wake.promise;
      else yield next;
    }
  }
  const responses = stack.client.vms.connectConsole(requests(), { signal: leaving.signal });
  const messages = responses[Symbol.asyncIterator]();
  const next = async (): Promise<ConnectConsoleResponse["message"]> =>
    (await messages.next()).value?.message;
  const api = {
    next,
    opened: async () => {
      const first = await next();
      assert.equal(first?.$case, "opened");
      return first.value;
    },
    type: (text: string) => {
      typed.push({ message: { $case: "data", value: Buffer.from(text) } });
      wake.resolve();
      wake = Promise.withResolvers<void>();
    },
    until: async (wanted: string): Promise<string> => {
      let text = "";
      while (!text.includes(wanted)) {
        const message = await next();
        assert.equal(message?.$case, "data", `ended after ${JSON.stringify(text.slice(-200))}`);
        text += message.value.toString();
      }
      return text;
    },
    leave: () => leaving.abort(),
    logOut: async () => {
      api.type("exit\r");
      await api.until("login: ");
      leaving.abort();
    },
  };
  return api;
}

describe("consoles of VMs on simulated hosts", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const audit = async () =>
    (await stack.client.events.listEvents({ resource: VM, pageSize: 50 })).events;

  before(async () => {
    stack = await startStack({ hosts: 1, log: silentLogger });
    const [host = ""] = stack.hostNames;
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    await job().readyHost(host);
    await job().createProfile("vdpa", vdpaDatapath({ vfCount: 2, maxVqp: 8, bridgeAddresses }), {
      role: "vm-host",
    });
    await job().apply(await job().plan(host, PlanGoal.APPLY_PROFILE));
    const spec = {
      bridge: "cxbr0",
      subnet: "192.168.101.0/24",
      ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
      macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
    };
    await job().createNetwork("lan", Network.fromPartial({ spec }));
    const vm = {
      vcpuCount: 2,
      memoryBytes: BigInt(512 * MIB),
      boot: { $case: "disk", value: { path: DISK, format: "qcow2" } } as const,
      network: "networks/lan",
      queuePairs: 2,
      hasGuestAgent: true,
    };
    await job().createVm("web-1", Vm.fromPartial({ spec: vm }));
  });
  after(() => stack.stop());

  /** The last caller has left, and the host knows. */
  const untilFree = () =>
    waitFor(async () => {
      const probe = openConsole(stack);
      try {
        await probe.opened();
        return true;
      } catch {
        return undefined;
      } finally {
        probe.leave();
      }
    });

  it("let a person log in, and tell the audit who was there and nothing of what was typed", async () => {
    const console = openConsole(stack);
    const { host, hostKind } = await console.opened();
    assert.deepEqual([host, hostKind], [stack.hostNames[0], HostKind.SIMULATED]);
    console.type("root\r");
    await console.until("]# ");
    console.type("hostname\r");
    assert.match(await console.until("]# "), /web-1\r\n/);
    await console.logOut();
    const events = await waitFor(async () => {
      const all = await audit();
      return all.some(({ action }) => action === "vm.console-close") ? all : undefined;
    });
    const [opening] = events.filter(({ action }) => action === "vm.console-open");
    assert.equal(opening?.actor, "local");
    assert.doesNotMatch(JSON.stringify(events.map(({ details }) => details)), /hostname/);
    await untilFree();
  });

  it("are refused to a second caller, who is told of the first and may take it", async () => {
    const first = openConsole(stack);
    await first.opened();
    await assert.rejects(openConsole(stack).opened(), {
      reason: "CONSOLE_BUSY",
      message: "local has the console of web-1",
    });
    const second = openConsole(stack, true);
    await second.opened();
    await assert.rejects(first.next(), { reason: "CONSOLE_TAKEN" });
    second.leave();
    await untilFree();
  });

  it("make the guest wait for a caller who does not read", async () => {
    const console = openConsole(stack, true);
    await console.opened();
    console.type("root\r");
    await console.until("]# ");
    const before = process.memoryUsage().rss;
    console.type("seq 1 400000\r");
    await console.until("\r\n1\r\n");
    const logBytes = async () => {
      const pieces = stack.client.vms.readVmLog({ name: VM, tailBytes: 1 });
      let end = 0n;
      for await (const { nextByte } of pieces) end = nextByte;
      return Number(end);
    };
    // What the guest has written stands still once all windows are full.
    let last = -1;
    const stopped = await waitFor(async () => {
      const now = await logBytes();
      const isStill = now === last;
      last = now;
      return isStill ? now : undefined;
    });
    assert.ok(stopped < 1.5 * MIB, `the guest went on to ${stopped} bytes`);
    assert.ok(process.memoryUsage().rss - before < 200 * MIB);
    await console.until("\r\n400000\r\n");
    await console.logOut();
    await untilFree();
  });

  it("show what was written before anybody connected, and go on with it", async () => {
    const following = new AbortController();
    const log = stack.client.vms.readVmLog(
      { name: VM, tailBytes: 1_500_000, follow: true },
      { signal: following.signal },
    );
    const console = openConsole(stack, true);
    await console.opened();
    console.type("echo-of-a-test\r");
    let text = "";
    for await (const piece of log) {
      text += piece.text;
      if (text.includes("echo-of-a-test")) break;
    }
    following.abort();
    console.leave();
    await untilFree();
  });

  it("come with what the guest says of itself", async () => {
    const { guest, allocation } = await waitFor(
      async () => {
        const vm = await stack.client.vms.getVm({ name: VM });
        const isKnown = vm.guest?.netdevs.some(({ addresses }) => addresses.length > 0);
        return isKnown === true ? vm : undefined;
      },
      { deadlineMs: RECONNECT_DEADLINE_MS },
    );
    assert.equal(guest?.hostname, "web-1");
    assert.deepEqual(guest.netdevs[0]?.addresses, [allocation?.nics[0]?.address]);
  });

  it("come with programs in the guest, run once and audited", async () => {
    const { exitCode, stdout } = await stack.client.vms.execInVm({ name: VM, argv: ["hostname"] });
    assert.deepEqual([exitCode, stdout], [0, "web-1\n"]);
    const missing = await stack.client.vms.execInVm({ name: VM, argv: ["no-such-program"] });
    assert.equal(missing.exitCode, 127);
    const [end] = (await audit()).filter(({ action }) => action === "vm.exec-end");
    assert.deepEqual(end?.details, { argv: "no-such-program", result: "127" });
  });

  it("come with freezes for backups, held by the host and bounded in time", async () => {
    const { vms, jobs } = stack.client;
    const isFrozen = async () => (await vms.getVm({ name: VM })).freeze;
    const { freezeId, fileSystemCount, thawTime } = await vms.freezeVm({ name: VM });
    assert.equal(fileSystemCount, 2);
    const told = await waitFor(isFrozen);
    assert.deepEqual([told.fileSystemCount, told.thawTime], [2, thawTime]);
    await assert.rejects(vms.freezeVm({ name: VM }), { reason: "GUEST_FROZEN" });
    await assert.rejects(vms.execInVm({ name: VM, argv: ["true"] }), { reason: "GUEST_FROZEN" });
    assert.deepEqual(await vms.thawVm({ name: VM, freezeId }), { fileSystemCount: 2 });
    assert.deepEqual(await vms.thawVm({ name: VM, freezeId }), { fileSystemCount: 0 });
    await waitFor(async () => ((await isFrozen()) === undefined ? true : undefined));

    const short = await vms.freezeVm({ name: VM, maxDuration: { seconds: 1n, nanos: 0 } });
    await waitFor(async () =>
      (await vms.execInVm({ name: VM, argv: ["true"] }).catch(() => undefined))?.exitCode === 0
        ? true
        : undefined,
    );
    const late = await vms.thawVm({ name: VM, freezeId: short.freezeId });
    assert.equal(late.fileSystemCount, 0, "its host has thawed it before");

    const broken = await vms.freezeVm({ name: VM });
    const { job } = await vms.rebootVm({ name: VM });
    await assert.rejects(vms.freezeVm({ name: VM }), { reason: "VM_STATE_CONFLICT" });
    const ended = await waitFor(
      async () => {
        const { state } = await jobs.getJob({ name: job });
        return state === JobState.SUCCEEDED || state === JobState.FAILED ? state : undefined;
      },
      { deadlineMs: RECONNECT_DEADLINE_MS },
    );
    assert.equal(ended, JobState.SUCCEEDED, "a job ends a freeze and does its work");
    const after = await vms.thawVm({ name: VM, freezeId: broken.freezeId });
    assert.equal(after.fileSystemCount, 0);
    const done = (await audit()).filter(({ action }) => action === "vm.freeze");
    assert.deepEqual(done[0]?.details, { freeze: broken.freezeId, seconds: "30" });
  });

  it("are refused a freeze that is too long, or of what is no VM", async () => {
    const { vms } = stack.client;
    for (const maxDuration of [
      { seconds: 601n, nanos: 0 },
      { seconds: 0n, nanos: 5e8 },
    ]) {
      await assert.rejects(vms.freezeVm({ name: VM, maxDuration }), { reason: "FIELD_INVALID" });
    }
    await assert.rejects(vms.freezeVm({ name: "vms/no" }), { reason: "VM_NOT_FOUND" });
    await assert.rejects(vms.thawVm({ name: "vms/no" }), { reason: "VM_NOT_FOUND" });
  });

  it("are refused what is no program, no VM, or does not begin with an opening", async () => {
    const { vms } = stack.client;
    await assert.rejects(vms.execInVm({ name: VM, argv: [] }), { reason: "FIELD_INVALID" });
    const long = { seconds: 3600n, nanos: 0 };
    await assert.rejects(vms.execInVm({ name: VM, argv: ["true"], timeout: long }), {
      reason: "FIELD_INVALID",
    });
    await assert.rejects(vms.execInVm({ name: "vms/no", argv: ["x"] }), { reason: "VM_NOT_FOUND" });
    async function* dataFirst(): AsyncGenerator<ConnectConsoleRequest> {
      yield { message: { $case: "data", value: Buffer.from("x") } };
    }
    const responses = vms.connectConsole(dataFirst())[Symbol.asyncIterator]();
    await assert.rejects(responses.next(), { reason: "FIELD_INVALID" });
  });

  it("end with a reason when NATS is restarted, and can be had again", async () => {
    const console = openConsole(stack, true);
    await console.opened();
    console.type("\r");
    await console.until("login: ");
    await stack.broker.nats.kill9();
    await assert.rejects(console.next(), { reason: "SESSION_LOST" });
    await stack.broker.nats.restart();
    const again = await waitFor(
      async () => {
        const next = openConsole(stack, true);
        return await next.opened().then(
          () => next,
          () => undefined,
        );
      },
      { deadlineMs: RECONNECT_DEADLINE_MS },
    );
    again.type("\r");
    await again.until("login: ");
    again.leave();
    await untilFree();
  });

  it("end with the VM's process", async () => {
    const console = openConsole(stack, true);
    await console.opened();
    stack.simHost(stack.hostNames[0] ?? "").killVm("web-1");
    const last = await console.next();
    assert.equal(last?.$case, "closed");
    assert.match(last.value.message, /its process ended/);
    await assert.rejects(openConsole(stack).opened(), { reason: "VM_NOT_RUNNING" });
    await assert.rejects(stack.client.vms.freezeVm({ name: VM }), { reason: "VM_NOT_RUNNING" });
  });
});
