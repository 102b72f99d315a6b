import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ChangeType, type JobEvent, type Vm, type VmChange } from "@switchyard/client";
import type { WatchVmsResponse } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { prepareFleet } from "./prepared-hosts.ts";
import { vmOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type TestController, type World } from "./world.ts";

/** What a reader of a watch keeps: a copy of the records, and where it is. */
interface Follower {
  readonly changes: VmChange[];
  readonly copy: Map<string, Vm>;
  token: string;
  syncs: number;
  stop(): Promise<void>;
}

function followVms(controller: TestController, resumeToken = ""): Follower {
  const stopped = new AbortController();
  const follower = {
    changes: [] as VmChange[],
    copy: new Map<string, Vm>(),
    token: resumeToken,
    syncs: 0,
    stop: async () => {
      stopped.abort();
      await done;
    },
  };
  const take = ({ event }: WatchVmsResponse): void => {
    if (event?.$case === "progress") {
      follower.token = event.value.resumeToken;
      if (event.value.isSynced) follower.syncs += 1;
    } else if (event?.value.vm !== undefined) {
      const { type, vm } = event.value;
      follower.changes.push(event.value);
      if (type === ChangeType.DELETED) follower.copy.delete(vm.name);
      else follower.copy.set(vm.name, vm);
    }
  };
  const done = (async () => {
    const stream = controller.client.vms.watchVms({ resumeToken }, { signal: stopped.signal });
    for await (const response of stream) take(response);
  })().catch(() => undefined);
  return follower;
}

const brief = ({ type, vm }: VmChange): string => `${type} ${vm?.name}`;

describe("watches", () => {
  let world: World;
  let other: TestController;

  before(async () => {
    world = await startWorld();
    other = await world.startAnother();
    await prepareFleet(world, ["r740-01", "r740-02"]);
  });
  after(() => world.stop());

  it("begin with what there is, say when it is complete, and go on with changes", async () => {
    const vm = await world.client.vms.createVm({ vmId: "first", vm: vmOf() });
    const follower = followVms(world);
    await waitFor(() => follower.syncs === 1);
    assert.deepEqual(follower.changes.map(brief), [`${ChangeType.SNAPSHOT} vms/first`]);
    await world.doJob(vm.job);
    await waitFor(() => follower.copy.get("vms/first")?.state === 2);
    const deleting = await world.client.vms.deleteVm({ name: vm.name });
    await world.doJob(deleting.job);
    await waitFor(() => follower.copy.size === 0);
    assert.equal(follower.changes.at(-1)?.type, ChangeType.DELETED);
    assert.equal(follower.changes.at(-1)?.vm?.allocation?.host, vm.allocation?.host);
    await follower.stop();
  });

  it("show changes made at another controller at once", async () => {
    const follower = followVms(other);
    await waitFor(() => follower.syncs === 1);
    const vm = await world.client.vms.createVm({ vmId: "elsewhere", vm: vmOf() });
    await waitFor(() => follower.copy.has(vm.name), { deadlineMs: 1_000 });
    await world.doJob(vm.job);
    await world.doJob((await world.client.vms.deleteVm({ name: vm.name })).job);
    await follower.stop();
  });

  it("go on at another controller with the token, losing and repeating nothing", async () => {
    const before = followVms(world);
    await waitFor(() => before.syncs === 1);
    const { token } = before;
    await before.stop();
    const vm = await world.client.vms.createVm({ vmId: "missed", vm: vmOf() });
    await world.doJob(vm.job);
    const after = followVms(other, token);
    await waitFor(() => after.copy.get("vms/missed")?.state === 2);
    assert.equal(after.syncs, 0);
    assert.ok(after.changes.every(({ vm: seen }) => seen?.name === "vms/missed"));
    assert.equal(after.changes[0]?.type, ChangeType.CREATED);
    await world.doJob((await world.client.vms.deleteVm({ name: vm.name })).job);
    await waitFor(() => after.copy.size === 0);
    await after.stop();
  });

  it("move the token of an idle reader along", async () => {
    const follower = followVms(world);
    await waitFor(() => follower.syncs === 1);
    const { token } = follower;
    await world.client.jobs.createNoopJob({ host: "hosts/r740-01" });
    await waitFor(() => follower.token !== token, { deadlineMs: 10_000 });
    assert.equal(follower.syncs, 1);
    await follower.stop();
  });

  it("keep every reader's copy equal to the records under many writers and reconnects", async () => {
    const controllers = [world, other];
    const followers = controllers.map((controller) => followVms(controller));
    const churn = async (vmId: string): Promise<void> => {
      for (let round = 0; round < 4; round += 1) {
        const vm = await controllers[round % 2]!.client.vms.createVm({ vmId, vm: vmOf() }); // 0 or 1
        await world.doJob(vm.job);
        await world.doJob((await world.client.vms.deleteVm({ name: vm.name })).job);
      }
    };
    const moving = (async () => {
      let follower = followVms(world);
      for (let round = 0; round < 6; round += 1) {
        await waitFor(() => follower.token !== "");
        await follower.stop();
        const resumed = followVms(controllers[round % 2]!, follower.token); // 0 or 1
        for (const [name, vm] of follower.copy) resumed.copy.set(name, vm);
        follower = resumed;
      }
      return follower;
    })();
    await Promise.all(["churn-1", "churn-2", "churn-3"].map(churn));
    const last = await world.client.vms.createVm({ vmId: "last", vm: vmOf() });
    followers.push(await moving);
    for (const follower of followers) {
      await waitFor(
        () => follower.copy.size === 1 && follower.copy.get("vms/last")?.etag === last.etag,
        { describe: () => JSON.stringify([...follower.copy.keys()]) },
      );
      const ofOne = follower.changes.filter(({ vm }) => vm?.name === "vms/churn-1");
      const isBorn = ({ type }: VmChange): boolean => type === ChangeType.CREATED;
      ofOne.forEach((change, at) => {
        const previous = ofOne[at - 1];
        if (previous?.type === ChangeType.DELETED) assert.ok(isBorn(change), brief(change));
      });
      await follower.stop();
    }
    await world.doJob(last.job);
    await world.doJob((await world.client.vms.deleteVm({ name: last.name })).job);
  });

  it("refuse a token that is altered, or of another watch", async () => {
    const follower = followVms(world);
    await waitFor(() => follower.syncs === 1);
    const first = async (stream: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of stream) return;
    };
    const { vms, jobs, hosts } = world.client;
    const resumeToken = follower.token;
    const cases = [
      () => first(jobs.watchJobs({ resumeToken })),
      () => first(hosts.watchHosts({ resumeToken })),
      () => first(vms.watchVms({ resumeToken: `A${resumeToken}` })),
    ];
    for (const call of cases) {
      await refusedWith("RESUME_TOKEN_INVALID", "INVALID_ARGUMENT", call());
    }
    await follower.stop();
  });

  it("tell a reader of hosts by labels when a host no longer belongs", async () => {
    await world.enrol("r740-03", buildBareR740(), { rack: "a" });
    const stopped = new AbortController();
    const seen: string[] = [];
    const done = (async () => {
      const { signal } = stopped;
      const stream = world.client.hosts.watchHosts({ labelSelector: { rack: "a" } }, { signal });
      for await (const { event } of stream) {
        if (event?.$case === "change") seen.push(`${event.value.type} ${event.value.host?.name}`);
        else if (event?.value.isSynced) seen.push("synced");
      }
    })().catch(() => undefined);
    await waitFor(() => seen.includes("synced"));
    const host = await world.client.hosts.getHost({ name: "hosts/r740-03" });
    const moved = await world.client.hosts.updateHost({ host: { ...host, labels: { rack: "b" } } });
    await waitFor(() => seen.length === 3);
    await world.client.hosts.updateHost({ host: { ...moved, labels: { rack: "a" } } });
    await waitFor(() => seen.length === 4);
    assert.deepEqual(seen, [
      `${ChangeType.SNAPSHOT} hosts/r740-03`,
      "synced",
      `${ChangeType.DELETED} hosts/r740-03`,
      `${ChangeType.UPDATED} hosts/r740-03`,
    ]);
    stopped.abort();
    await done;
  });

  it("stream a job's events so far, then new ones, and end after the last", async () => {
    const job = await world.client.jobs.createNoopJob({ host: "hosts/r740-01" });
    const early: JobEvent[] = [];
    const done = (async () => {
      for await (const event of other.client.jobs.watchJobEvents({ job: job.name })) {
        early.push(event);
      }
    })();
    await world.doJob(job.name);
    await done;
    const kinds = early.map(({ body }) => body?.$case);
    assert.equal(kinds[0], "accepted");
    assert.equal(kinds.at(-1), "ended");
    assert.deepEqual(
      early.map(({ seq }) => Number(seq)),
      early.map((_, at) => at + 1),
    );
    const late: JobEvent[] = [];
    for await (const event of world.client.jobs.watchJobEvents({ job: job.name })) late.push(event);
    assert.deepEqual(late, early);
    const { events } = await world.client.jobs.listJobEvents({ job: job.name });
    assert.deepEqual(events, early);
  });

  it("stream the audit as it is written", async () => {
    const stopped = new AbortController();
    const actions: string[] = [];
    let isSynced = false;
    const done = (async () => {
      const { signal } = stopped;
      const resource = "hosts/r740-02";
      for await (const { event } of world.client.events.watchEvents({ resource }, { signal })) {
        if (event?.$case === "entry") actions.push(event.value.action);
        else isSynced = true;
      }
    })().catch(() => undefined);
    await waitFor(() => isSynced);
    const host = await world.client.hosts.getHost({ name: "hosts/r740-02" });
    await world.client.hosts.updateHost({
      host: { ...host, labels: { ...host.labels, seen: "yes" } },
    });
    await waitFor(() => actions.length === 1);
    stopped.abort();
    await done;
  });

  it("end in order when their controller stops", async () => {
    const third = await world.startAnother();
    let isEnded = false;
    const done = (async () => {
      for await (const _ of third.client.vms.watchVms({}));
      isEnded = true;
    })();
    await third.client.vms.listVms({});
    await third.api.stop();
    await done;
    assert.ok(isEnded);
  });
});
