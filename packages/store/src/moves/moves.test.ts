import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type MoveId, parseMoveId, type VmDesired } from "@switchyard/model";
import { newUuid, systemClock, systemRandom } from "@switchyard/runtime";
import type { HostRecord } from "../hosts/host-record.ts";
import type { Store } from "../store.ts";
import {
  hostWithSlots,
  NETWORK,
  networkSpec,
  place,
  placementOf,
  startTestStore,
  type TestStore,
  write,
} from "../testing/test-store.ts";
import type { VmRecord } from "../vms/vm-queries.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
  const spec = networkSpec("192.168.101.200");
  await write(store, (tx) => tx.networks.create({ id: NETWORK, spec }));
});
after(() => test.stop());

let macs = 10_000;
const newHost = (name: string): Promise<HostRecord> => {
  macs += 100;
  return hostWithSlots(store, { name, count: 2, firstMac: macs });
};
const newId = (): MoveId => parseMoveId(newUuid(systemClock, systemRandom));
const CAPACITY = { vcpuCount: 32, memoryBytes: 384 * 1024 ** 3 };

async function placed(name: string, host: HostRecord, vfIndex = 0): Promise<VmRecord> {
  const outcome = await place(store, placementOf(name, host.id, { vfIndex }));
  if (outcome.kind !== "placed") throw new Error(`placement was refused: ${outcome.why}`);
  return outcome.vm;
}

const desiredOf = (vm: VmRecord): VmDesired => ({
  vm: vm.id,
  generation: vm.generation,
  spec: vm.spec,
  allocation: vm.allocation,
});

const create = (vm: VmRecord, batch = newId() as string, atOnce = 1) =>
  write(store, (tx) =>
    tx.moves.create({
      ...{ id: newId(), cause: "move", batch, atOnce, wasRunning: true, hasNewDisk: false },
      mode: "best",
      source: desiredOf(vm),
    }),
  );

const hold = (move: MoveId, vm: VmRecord, host: HostRecord, vfIndex = 0) =>
  write(store, async (tx) => {
    const [slot] = (await tx.hosts.listSlots(host.id)).slice(vfIndex);
    if (slot === undefined) throw new Error(`${host.id} has no slot ${vfIndex}`);
    return tx.moves.holdTarget({
      ...{ move, vm, host: host.id, capacity: CAPACITY },
      slots: [{ pf: slot.pf, vfIndex }],
    });
  });

const used = async (host: HostRecord) => (await store.reads.hosts.get(host.id)).allocated;

describe("what a move holds", () => {
  it("is taken for everybody, on the host the VM goes to and on the one it has left", async () => {
    const [from, to] = [await newHost("hold-01"), await newHost("hold-02")];
    const vm = await placed("hold-a", from);
    const { id } = await create(vm);
    const held = await hold(id, vm, to);
    assert.ok(held.kind === "held");
    const { vcpuCount } = vm.allocation;
    assert.deepEqual([(await used(to)).slotCount, (await used(to)).vcpuCount], [1, vcpuCount]);
    const late = await place(store, placementOf("hold-b", to.id));
    assert.ok(late.kind === "refused" && late.why === "slot-taken");
    assert.equal((await store.reads.vms.get(vm.id)).allocation.host, from.id);

    const [there, back] = [held.allocation, vm.allocation];
    await write(store, (tx) => tx.moves.switchHost({ move: id, from: back, to: there }));
    const moved = await store.reads.vms.get(vm.id);
    const [nic, before] = [moved.allocation.nics[0], vm.allocation.nics[0]];
    assert.equal(moved.allocation.host, to.id);
    assert.deepEqual([nic?.mac, nic?.address], [before?.mac, before?.address]);
    assert.deepEqual([(await used(from)).slotCount, (await used(from)).vcpuCount], [1, 0]);
    const early = await place(store, placementOf("hold-c", from.id));
    assert.ok(early.kind === "refused" && early.why === "slot-taken");

    await write(store, (tx) => tx.moves.switchHost({ move: id, from: there, to: back }));
    assert.deepEqual((await store.reads.vms.get(vm.id)).allocation, vm.allocation);
    await write(store, (tx) => tx.moves.dropHold(id));
    await write(store, (tx) => tx.moves.dropHold(id));
    assert.equal((await used(to)).slotCount, 0);
    assert.equal((await used(from)).slotCount, 1);
  });

  it("goes to one of many that race for a slot", async () => {
    const [from, to] = [await newHost("race-01"), await newHost("race-02")];
    const vms = [await placed("race-a", from, 0), await placed("race-b", from, 1)];
    const outcomes = await Promise.all([
      ...vms.map(async (vm) => (await hold((await create(vm)).id, vm, to)).kind),
      place(store, placementOf("race-c", to.id)).then(({ kind }) => kind),
    ]);
    assert.equal(outcomes.filter((kind) => kind === "refused").length, 2);
    assert.equal((await used(to)).slotCount, 1);
  });

  it("outlives its VM, so that nobody gets a slot that is not clear yet", async () => {
    const [from, to] = [await newHost("gone-01"), await newHost("gone-02")];
    const vm = await placed("gone-a", from);
    const { id } = await create(vm);
    const held = await hold(id, vm, to);
    assert.ok(held.kind === "held");
    await write(store, (tx) =>
      tx.moves.switchHost({ move: id, from: vm.allocation, to: held.allocation }),
    );
    await write(store, (tx) => tx.vms.release(vm.id));
    assert.deepEqual([(await used(from)).slotCount, (await used(to)).slotCount], [1, 0]);
    assert.equal((await store.reads.moves.findLive(vm.id))?.id, id);
    await assert.rejects(placed("gone-a", to), { reason: "NAME_TAKEN" });
  });
});

describe("moves", () => {
  it("are one at a time for a VM, and again after the last has ended", async () => {
    const vm = await placed("one-a", await newHost("one-01"));
    const { id } = await create(vm);
    await assert.rejects(create(vm), { reason: "VM_MOVING" });
    await write(store, (tx) => tx.moves.advance({ id, phase: "failed", job: undefined }));
    assert.equal(await store.reads.moves.findLive(vm.id), undefined);
    await create(vm);
    const { items } = await store.reads.moves.list({ size: 10, after: undefined, vm: vm.id });
    assert.deepEqual(items.map(({ phase }) => phase).sort(), ["failed", "queued"]);
  });

  it("are each given to one caller, and of a batch no more than may be under way", async () => {
    const host = await newHost("batch-01");
    const batch = newId();
    const vms = [await placed("batch-a", host, 0), await placed("batch-b", host, 1)];
    const [first, second] = [await create(vms[0]!, batch), await create(vms[1]!, batch)]; // two were placed
    const claim = () => write(store, (tx) => tx.moves.claimDue({ max: 100, intervalMs: 60_000 }));
    const claims = (await Promise.all([claim(), claim(), claim()])).flat();
    assert.equal(new Set(claims).size, claims.length);
    assert.ok(claims.includes(first.id) && claims.includes(second.id));
    const begin = (id: MoveId) =>
      write(store, async (tx) => {
        const move = await tx.moves.lock(id);
        return move && (await tx.moves.advance({ id, phase: "sealing", job: undefined }));
      });
    const begun = await Promise.all([begin(first.id), begin(second.id)]);
    assert.equal(begun.filter((move) => move !== undefined).length, 1);
    const { id } = begun.find((move) => move !== undefined) ?? first;
    await write(store, (tx) => tx.moves.advance({ id, phase: "clearing", job: undefined }));
    const other = id === first.id ? second.id : first.id;
    assert.notEqual(await begin(other), undefined, "a VM that runs keeps nobody waiting");
  });

  it("raise generations beyond any that the name ever had", async () => {
    const host = await newHost("gen-01");
    const vm = await placed("gen-a", host);
    const raised = await write(store, (tx) => tx.moves.raiseGeneration(vm.id));
    assert.ok(raised > vm.generation);
    await write(store, (tx) => tx.vms.release(vm.id));
    const again = await placed("gen-a", host);
    assert.ok(again.generation > raised);
  });
});

describe("a cordon", () => {
  it("keeps who set it first, and is lifted", async () => {
    const { id } = await newHost("cordon-01");
    const first = await write(store, (tx) => tx.hosts.setCordon(id, { reason: "fans" }));
    assert.equal(first.cordon?.reason, "fans");
    const second = await write(store, (tx) => tx.hosts.setCordon(id, { reason: "disks" }));
    assert.deepEqual(second.cordon, first.cordon);
    const lifted = await write(store, (tx) => tx.hosts.setCordon(id, undefined));
    assert.equal(lifted.cordon, undefined);
    await assert.rejects(
      write(store, (tx) => tx.hosts.setCordon("no-such" as never, undefined)),
      { reason: "HOST_NOT_FOUND" },
    );
  });
});
