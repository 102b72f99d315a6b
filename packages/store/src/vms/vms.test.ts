import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  parseMacAddress,
  parseNetworkId,
  parseVmId,
  type StoreError,
  type VmDesired,
  type VmId,
  type VmState,
} from "@switchyard/model";
import type { HostRecord } from "../hosts/host-record.ts";
import type { Store } from "../store.ts";
import {
  ACCEPTED,
  eventsOf,
  hostWithSlots,
  NETWORK,
  networkSpec,
  newJobId,
  noopDraft,
  place,
  placementOf,
  SUCCEEDED,
  startTestStore,
  type TestStore,
  vmSpec,
  write,
} from "../testing/test-store.ts";
import type { VmRecord } from "./vm-queries.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
  await write(store, (tx) =>
    tx.networks.create({ id: NETWORK, spec: networkSpec("192.168.101.200") }),
  );
});
after(() => test.stop());

let macs = 0;
const newHost = (name: string, count = 4): Promise<HostRecord> => {
  macs += 100;
  return hostWithSlots(store, { name, count, firstMac: macs });
};

const desiredOf = (vm: VmRecord): VmDesired => ({
  vm: vm.id,
  generation: vm.generation,
  spec: vm.spec,
  network: vm.spec.network,
  allocation: vm.allocation,
  slotMac: vm.slotMac,
});

async function placed(vm: string, host: HostRecord, vfIndex = 0): Promise<VmRecord> {
  const outcome = await place(store, placementOf(vm, host.id, { vfIndex }));
  if (outcome.kind !== "placed") throw new Error(`placement was refused: ${outcome.why}`);
  return outcome.vm;
}

describe("place", () => {
  it("gives one slot to one of many VMs that race for it", async () => {
    const host = await newHost("slots-01");
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => place(store, placementOf(`slot-${index}`, host.id))),
    );
    const kinds = outcomes.map((each) => (each.kind === "placed" ? "placed" : each.why)).sort();
    assert.deepEqual(kinds, ["placed", ...Array(7).fill("slot-taken")]);
  });

  it("gives MACs and addresses of one network once, whichever hosts race", async () => {
    const hosts = await Promise.all(["net-01", "net-02", "net-03"].map((name) => newHost(name)));
    const outcomes = await Promise.all(
      hosts.flatMap((host, index) =>
        [0, 1, 2, 3].map((vfIndex) =>
          place(store, placementOf(`net-${index}-${vfIndex}`, host.id, { vfIndex })),
        ),
      ),
    );
    const vms = outcomes.flatMap((each) => (each.kind === "placed" ? [each.vm] : []));
    assert.equal(vms.length, 12);
    assert.equal(new Set(vms.map((vm) => vm.allocation.address)).size, 12);
    assert.equal(new Set(vms.map((vm) => vm.allocation.mac)).size, 12);
  });

  it("never sells more of a host than it has, under any race", async () => {
    const host = await newHost("room-01");
    const capacity = { vcpuCount: 5, memoryBytes: 384 * 1024 ** 3 };
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map((vfIndex) =>
        place(store, placementOf(`room-${vfIndex}`, host.id, { vfIndex, capacity })),
      ),
    );
    const kinds = outcomes.map((each) => (each.kind === "placed" ? "placed" : each.why)).sort();
    assert.deepEqual(kinds, ["placed", "placed", "vcpu", "vcpu"]);
    const { allocated } = await store.reads.hosts.get(host.id);
    assert.equal(allocated.vcpuCount, 4);
  });

  it("takes one VM of a name, and leaves nothing of the other behind", async () => {
    const [left, right] = [await newHost("name-01"), await newHost("name-02")];
    const tries = await Promise.allSettled([
      place(store, placementOf("same", left.id)),
      place(store, placementOf("same", right.id)),
    ]);
    const failures = tries.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    assert.equal(failures.length, 1);
    assert.equal(failures[0].reason, "NAME_TAKEN");
    const rows = await test.query("SELECT vm FROM ip_addresses WHERE vm = 'same'");
    assert.equal(rows.length, 1);
  });

  it("refuses a MAC that is in use, and takes the slot's own", async () => {
    const host = await newHost("mac-01");
    const taken = await placed("mac-a", host, 0);
    const mac = taken.allocation.mac;
    await assert.rejects(place(store, placementOf("mac-b", host.id, { vfIndex: 1, mac })), {
      reason: "MAC_TAKEN",
    });
    const [, slot] = await store.reads.hosts.listSlots(host.id);
    assert.ok(slot !== undefined);
    const own = await place(store, placementOf("mac-c", host.id, { vfIndex: 1, mac: slot.mac }));
    assert.equal(own.kind === "placed" && own.vm.allocation.mac, slot.mac);
    await write(store, (tx) => tx.vms.release(parseVmId("mac-c")));
    assert.equal((await store.reads.hosts.listSlots(host.id))[1]?.mac, slot.mac);
  });

  it("says which pool is empty", async () => {
    const host = await newHost("pool-01");
    const small = parseNetworkId("small");
    await write(store, (tx) =>
      tx.networks.create({
        id: small,
        spec: { ...networkSpec("192.168.101.10"), bridge: "br-small" },
      }),
    );
    const spec = { ...vmSpec, network: small };
    await place(store, placementOf("pool-a", host.id, { spec }));
    await assert.rejects(place(store, placementOf("pool-b", host.id, { spec, vfIndex: 1 })), {
      reason: "IP_POOL_EXHAUSTED",
    });
    const one = parseMacAddress("52:54:00:bb:00:00");
    const tight = parseNetworkId("tight");
    await write(store, (tx) =>
      tx.networks.create({
        id: tight,
        spec: {
          ...networkSpec("192.168.101.50"),
          bridge: "br-tight",
          macPool: { first: one, last: one },
        },
      }),
    );
    const tightSpec = { ...vmSpec, network: tight };
    await place(store, placementOf("pool-c", host.id, { spec: tightSpec, vfIndex: 1 }));
    await assert.rejects(
      place(store, placementOf("pool-d", host.id, { spec: tightSpec, vfIndex: 2 })),
      { reason: "MAC_POOL_EXHAUSTED" },
    );
  });

  it("never hands out the address of a host's bridge", async () => {
    const host = await newHost("mixed-01");
    const first = await placed("mixed-a", host, 0);
    const [address] = first.allocation.address.split("/");
    const next = await write(store, (tx) =>
      tx.hosts.reserveBridgeAddress({
        host: host.id,
        bridge: "br-blue",
        range: { ...networkSpec("192.168.101.200").ipPool, prefixLength: 24 },
      }),
    );
    assert.notEqual(next.split("/")[0], address);
    const second = await placed("mixed-b", host, 1);
    assert.notEqual(second.allocation.address, next);
  });
});

describe("networks", () => {
  it("stay while VMs are on them", async () => {
    const host = await newHost("keep-01");
    const id = parseNetworkId("keep");
    const spec = { ...networkSpec("192.168.101.200"), bridge: "br-keep" };
    await write(store, (tx) => tx.networks.create({ id, spec }));
    await place(store, placementOf("keep-a", host.id, { spec: { ...vmSpec, network: id } }));
    const remove = () => write(store, (tx) => tx.networks.remove({ id, etag: "" }));
    await assert.rejects(remove(), { reason: "RESOURCE_IN_USE" });
    assert.equal((await store.reads.networks.get(id)).allocatedAddressCount, 1);
    await write(store, (tx) => tx.vms.release(parseVmId("keep-a")));
    assert.equal((await remove()).id, id);
  });

  it("are not deleted under a VM that is being placed", async () => {
    const host = await newHost("under-01");
    const id = parseNetworkId("under");
    const spec = { ...networkSpec("192.168.101.200"), bridge: "br-under" };
    await write(store, (tx) => tx.networks.create({ id, spec }));
    const [placing, removing] = await Promise.allSettled([
      place(store, placementOf("under-a", host.id, { spec: { ...vmSpec, network: id } })),
      write(store, (tx) => tx.networks.remove({ id, etag: "" })),
    ]);
    const loser = placing.status === "rejected" ? placing.reason : undefined;
    if (loser !== undefined) assert.equal(loser.reason, "NETWORK_NOT_FOUND");
    else assert.equal(removing.status === "rejected" && removing.reason.reason, "RESOURCE_IN_USE");
  });
});

describe("setState", () => {
  it("follows the edges of the state machine only, and says from where it would", async () => {
    const host = await newHost("edges-01");
    const vm = await placed("edges-a", host);
    const to = (state: VmState) => write(store, (tx) => tx.vms.setState({ id: vm.id, state }));
    await to("deleting");
    await assert.rejects(to("running"), (error: StoreError) => {
      assert.equal(error.reason, "VM_STATE_CONFLICT");
      assert.equal(error.metadata["found"], "state deleting");
      assert.match(error.metadata["needs"] ?? "", /starting/);
      return true;
    });
    assert.equal((await to("deleting")).state, "deleting");
  });

  it("keeps why a VM is in its state until the next change", async () => {
    const host = await newHost("reason-01");
    const { id } = await placed("reason-a", host);
    await write(store, (tx) => tx.vms.setState({ id, state: "running" }));
    const reason = "the guest shut itself down";
    await write(store, (tx) => tx.vms.setState({ id, state: "stopped", reason }));
    assert.equal((await store.reads.vms.get(id)).stateReason, reason);
    await write(store, (tx) => tx.vms.setState({ id, state: "starting" }));
    assert.equal((await store.reads.vms.get(id)).stateReason, undefined);
  });
});

describe("ends of VM jobs", () => {
  async function run(vm: VmId, kind: "start-vm" | "delete-vm", end: "succeeded" | "failed") {
    const record = await store.reads.vms.get(vm);
    const { host } = record.allocation;
    const job = newJobId();
    await write(store, async (tx) => {
      const spec = { kind, vm: desiredOf(record) };
      await tx.jobs.create({ ...noopDraft(host), id: job, spec, subject: `vms/${vm}` });
      const state = kind === "start-vm" ? "starting" : "deleting";
      await tx.vms.setState({ id: vm, state, job });
    });
    const failure = {
      reason: "VM_START_FAILED",
      message: "qemu ended",
      metadata: {},
      step: "01",
    } as const;
    const ended =
      end === "succeeded"
        ? SUCCEEDED
        : ({ ...SUCCEEDED, kind: "ended", state: "failed", failure } as typeof SUCCEEDED);
    await store.dispatch.applyEventBatches([eventsOf({ host, job }, 1, [ACCEPTED, ended])]);
  }

  it("make a VM run, and give back all it took once it is deleted", async () => {
    const host = await newHost("end-01");
    const vm = await placed("end-a", host);
    await run(vm.id, "start-vm", "succeeded");
    assert.equal((await store.reads.vms.get(vm.id)).state, "running");
    const cursor = await store.changes.now();
    await run(vm.id, "delete-vm", "succeeded");
    assert.equal(await store.reads.vms.find(vm.id), undefined);
    const { allocated } = await store.reads.hosts.get(host.id);
    assert.equal(allocated.slotCount, 0);
    const { entries } = await store.changes.read(cursor, 20);
    const last = entries.filter((entry) => entry.kind === "vms").at(-1);
    assert.equal(last?.operation, "deleted");
    const again = await placed("end-b", host);
    assert.equal(again.allocation.vfIndex, vm.allocation.vfIndex);
  });

  it("fail a VM whose start failed, with the job's failure", async () => {
    const host = await newHost("end-02");
    const vm = await placed("end-c", host);
    await run(vm.id, "start-vm", "failed");
    const record = await store.reads.vms.get(vm.id);
    assert.deepEqual([record.state, record.failure?.reason], ["failed", "VM_START_FAILED"]);
  });

  it("do not touch a VM that a later job has taken over", async () => {
    const host = await newHost("end-03");
    const vm = await placed("end-d", host);
    const [start, remove] = [newJobId(), newJobId()];
    await write(store, async (tx) => {
      const spec = { kind: "start-vm", vm: desiredOf(vm) } as const;
      await tx.jobs.create({ ...noopDraft(host.id), id: start, spec });
      await tx.vms.setState({ id: vm.id, state: "deleting", job: remove });
    });
    await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job: start }, 1, [ACCEPTED, SUCCEEDED]),
    ]);
    assert.equal((await store.reads.vms.get(vm.id)).state, "deleting");
  });
});
