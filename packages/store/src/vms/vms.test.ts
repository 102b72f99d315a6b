import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type AllocatedNic,
  parseIpv4Address,
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
  PF,
  place,
  placementOf,
  SUCCEEDED,
  specOn,
  startTestStore,
  type TestStore,
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
  allocation: vm.allocation,
});

const nicOf = ({ allocation }: VmRecord): AllocatedNic => {
  const [nic] = allocation.nics;
  if (nic === undefined) throw new Error("a VM has a NIC");
  return nic;
};

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
    assert.equal(
      new Set(vms.flatMap((vm) => vm.allocation.nics.map(({ address }) => address))).size,
      12,
    );
    assert.equal(new Set(vms.flatMap((vm) => vm.allocation.nics.map(({ mac }) => mac))).size, 12);
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
    const mac = nicOf(taken).mac;
    await assert.rejects(place(store, placementOf("mac-b", host.id, { vfIndex: 1, mac })), {
      reason: "MAC_TAKEN",
    });
    const [, slot] = await store.reads.hosts.listSlots(host.id);
    assert.ok(slot !== undefined);
    const own = await place(store, placementOf("mac-c", host.id, { vfIndex: 1, mac: slot.mac }));
    assert.equal(own.kind === "placed" && nicOf(own.vm).mac, slot.mac);
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
    const spec = specOn(small);
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
    const tightSpec = specOn(tight);
    await place(store, placementOf("pool-c", host.id, { spec: tightSpec, vfIndex: 1 }));
    await assert.rejects(
      place(store, placementOf("pool-d", host.id, { spec: tightSpec, vfIndex: 2 })),
      { reason: "MAC_POOL_EXHAUSTED" },
    );
  });

  it("gives each NIC of a VM its own slot, MAC and address, or takes nothing", async () => {
    const host = await newHost("many-01");
    const [left, right] = [parseNetworkId("left"), parseNetworkId("right")];
    for (const [id, bridge] of [
      [left, "br-l"],
      [right, "br-r"],
    ] as const) {
      const spec = { ...networkSpec("192.168.101.11"), bridge };
      await write(store, (tx) => tx.networks.create({ id, spec }));
    }
    const slots = (...indices: readonly number[]) =>
      indices.map((vfIndex) => ({ pf: PF, vfIndex }));
    const spec = specOn(left, right, left);
    const wanted = { ...placementOf("many-a", host.id, { spec }), nics: slots(2, 0, 1) };
    const outcome = await place(store, wanted);
    assert.ok(outcome.kind === "placed");
    const { nics } = outcome.vm.allocation;
    assert.deepEqual(
      nics.map(({ index, vfIndex, network, address }) => [index, vfIndex, network, address]),
      [
        [0, 2, "left", "192.168.101.10/24"],
        [1, 0, "right", "192.168.101.10/24"],
        [2, 1, "left", "192.168.101.11/24"],
      ],
    );
    assert.equal(new Set(nics.map(({ mac }) => mac)).size, 3);
    const own = await store.reads.hosts.listSlots(host.id);
    assert.deepEqual(
      nics.map(({ slotMac }) => slotMac),
      [2, 0, 1].map((at) => own[at]?.mac),
    );
    const before = await test.query("SELECT mac FROM mac_addresses ORDER BY mac");
    const second = { ...placementOf("many-b", host.id, { spec: specOn(right, left) }) };
    const twice = { ...second, nics: slots(3, 3) };
    assert.deepEqual(await place(store, twice), { kind: "refused", why: "slot-taken" });
    const taken = { ...second, nics: slots(3, 1) };
    assert.deepEqual(await place(store, taken), { kind: "refused", why: "slot-taken" });
    await assert.rejects(place(store, { ...second, spec: specOn(left), nics: slots(3) }), {
      reason: "IP_POOL_EXHAUSTED",
    });
    assert.deepEqual(await test.query("SELECT mac FROM mac_addresses ORDER BY mac"), before);
    assert.equal((await store.reads.hosts.get(host.id)).allocated.slotCount, 3);
    await write(store, (tx) => tx.vms.release(parseVmId("many-a")));
    assert.equal((await store.reads.hosts.get(host.id)).allocated.slotCount, 0);
    assert.equal((await store.reads.networks.get(left)).allocatedAddressCount, 0);
  });

  it("refuses an address that is in use, and takes one outside the pool", async () => {
    const host = await newHost("asked-01");
    const address = parseIpv4Address("192.168.101.240");
    const first = await place(store, placementOf("asked-a", host.id, { address }));
    assert.equal(first.kind === "placed" && nicOf(first.vm).address, "192.168.101.240/24");
    await assert.rejects(place(store, placementOf("asked-b", host.id, { address, vfIndex: 1 })), {
      reason: "IP_TAKEN",
    });
  });

  it("never hands out the address of a host's bridge", async () => {
    const host = await newHost("mixed-01");
    const first = await placed("mixed-a", host, 0);
    const [address] = nicOf(first).address.split("/");
    const next = await write(store, (tx) =>
      tx.hosts.reserveBridgeAddress({
        host: host.id,
        bridge: "br-blue",
        range: { ...networkSpec("192.168.101.200").ipPool, prefixLength: 24 },
      }),
    );
    assert.notEqual(next.split("/")[0], address);
    const second = await placed("mixed-b", host, 1);
    assert.notEqual(nicOf(second).address, next);
  });
});

describe("networks", () => {
  it("stay while VMs are on them", async () => {
    const host = await newHost("keep-01");
    const id = parseNetworkId("keep");
    const spec = { ...networkSpec("192.168.101.200"), bridge: "br-keep" };
    await write(store, (tx) => tx.networks.create({ id, spec }));
    await place(store, placementOf("keep-a", host.id, { spec: specOn(id) }));
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
      place(store, placementOf("under-a", host.id, { spec: specOn(id) })),
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

describe("updateSpec", () => {
  const capacity = { vcpuCount: 8, memoryBytes: 384 * 1024 ** 3 };
  const resize = (vm: VmRecord, vcpuCount: number) =>
    write(store, (tx) =>
      tx.vms.updateSpec({ id: vm.id, etag: vm.etag, spec: { ...vm.spec, vcpuCount }, capacity }),
    );

  it("changes wish and share together, and raises the generation", async () => {
    const host = await newHost("resize-01");
    const vm = await placed("resize-a", host);
    const updated = await resize(vm, 6);
    assert.deepEqual(
      [updated.spec.vcpuCount, updated.allocation.vcpuCount, updated.generation],
      [6, 6, vm.generation + 1],
    );
    assert.equal((await store.reads.hosts.get(host.id)).allocated.vcpuCount, 6);
    await assert.rejects(resize(vm, 5), { reason: "ETAG_STALE" });
  });

  it("refuses with numbers what the host has no room for, and changes nothing", async () => {
    const host = await newHost("resize-02");
    const vm = await placed("resize-b", host, 0);
    const other = await placed("resize-c", host, 1);
    await assert.rejects(resize(vm, 7), (error: StoreError) => {
      assert.equal(error.reason, "NO_CAPACITY");
      assert.equal(error.metadata["needs"], "7 vCPUs");
      assert.match(error.metadata["found"] ?? "", /^6 vCPUs/);
      return true;
    });
    assert.deepEqual(await store.reads.vms.get(vm.id), vm);
    assert.equal(other.allocation.vcpuCount, 2);
  });

  it("never sells a host twice, though two VMs grow at once", async () => {
    const host = await newHost("resize-03");
    const vms = [await placed("grow-a", host, 0), await placed("grow-b", host, 1)];
    const ends = await Promise.allSettled(vms.map((vm) => resize(vm, 5)));
    assert.deepEqual(ends.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await store.reads.hosts.get(host.id)).allocated.vcpuCount, 7);
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
    assert.equal(nicOf(again).vfIndex, nicOf(vm).vfIndex);
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
