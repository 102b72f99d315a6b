import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type DesiredSlot,
  type HostDesired,
  type JobSpec,
  type JobState,
  parseHostId,
  parseJobId,
  parseMacAddress,
  parsePciAddress,
  parseVmId,
  type VmId,
} from "@switchyard/model";
import type { JobRecord, SlotRecord, Transaction, VmRecord } from "@switchyard/store";
import { settleEndedJobs } from "./job-end.ts";

const host = parseHostId("host-a");
const vm = parseVmId("vm-a");
const id = parseJobId("01890000-0000-7000-8000-000000000001");
const other = parseJobId("01890000-0000-7000-8000-000000000002");
const pf = parsePciAddress("0000:82:00.0");
const macOf = (index: number) => parseMacAddress(`52:54:00:00:00:0${index}`);

const jobOf = (state: JobState, spec: unknown): JobRecord =>
  ({ id, host, state, spec, currentStep: undefined, failure: undefined }) as unknown as JobRecord;
const vmJob = (kind: "start-vm" | "delete-vm", state: JobState) =>
  jobOf(state, { kind, vm: { vm } } as unknown as JobSpec);

const slotOf = (vfIndex: number, holder?: VmId): SlotRecord => ({
  host,
  pf,
  vfIndex,
  mac: macOf(vfIndex),
  vm: holder,
});

function fakeTransaction(state: {
  readonly vm?: Partial<VmRecord>;
  readonly slots?: readonly SlotRecord[];
}) {
  const calls: string[] = [];
  const tx = {
    vms: {
      find: async () => state.vm && { id: vm, ...state.vm },
      setState: async (change: { readonly state: string }) => void calls.push(change.state),
      release: async () => void calls.push("released"),
    },
    hosts: {
      setApplied: async (change: { readonly generation: number; readonly profile: unknown }) =>
        void calls.push(`applied ${change.generation} ${change.profile}`),
      listSlots: async () => state.slots ?? [],
      releaseSlots: async (which: { readonly fromIndex?: number }) =>
        void calls.push(`slots from ${which.fromIndex}`),
      releaseBridgeAddresses: async () => void calls.push("bridge addresses"),
    },
  } as unknown as Transaction;
  return { tx, calls };
}

const desired = (slots: readonly DesiredSlot[] | undefined): HostDesired =>
  ({
    host,
    generation: 4,
    profile: "gold",
    profileGeneration: 1,
    datapath: slots && { slots },
  }) as unknown as HostDesired;
const applyJob = (state: JobState, slots: readonly DesiredSlot[] | undefined) =>
  jobOf(state, { kind: "apply-host", desired: desired(slots) });

describe("settleEndedJobs", () => {
  it("has a started VM running and a deleted one gone", async () => {
    const started = fakeTransaction({ vm: { job: id, state: "starting" } });
    await settleEndedJobs(started.tx, [vmJob("start-vm", "succeeded")]);
    assert.deepEqual(started.calls, ["running"]);
    const deleted = fakeTransaction({ vm: { job: id, state: "deleting" } });
    await settleEndedJobs(deleted.tx, [vmJob("delete-vm", "succeeded")]);
    assert.deepEqual(deleted.calls, ["released"]);
  });

  it("has a VM failed whichever way its job did not succeed", async () => {
    const ends = ["failed", "needs-operator", "cancelled", "expired"] as const;
    for (const [kind, state] of [
      ["start-vm", "starting"],
      ["delete-vm", "deleting"],
    ] as const) {
      const { tx, calls } = fakeTransaction({ vm: { job: id, state } });
      await settleEndedJobs(
        tx,
        ends.map((end) => vmJob(kind, end)),
      );
      assert.deepEqual(calls, ["failed", "failed", "failed", "failed"]);
    }
  });

  it("leaves a VM to the later job that acts on it", async () => {
    const { tx, calls } = fakeTransaction({ vm: { job: other, state: "starting" } });
    await settleEndedJobs(tx, [vmJob("start-vm", "failed")]);
    assert.deepEqual(calls, []);
  });

  it("leaves a VM whose host was lost meanwhile as it is", async () => {
    const { tx, calls } = fakeTransaction({ vm: { job: id, state: "lost" } });
    await settleEndedJobs(tx, [vmJob("start-vm", "succeeded")]);
    assert.deepEqual(calls, []);
  });

  it("finds nothing to do for a VM that is gone", async () => {
    const { tx, calls } = fakeTransaction({});
    await settleEndedJobs(tx, [vmJob("delete-vm", "succeeded")]);
    assert.deepEqual(calls, []);
  });

  it("records what was applied and keeps the slots that are wanted", async () => {
    const { tx, calls } = fakeTransaction({ slots: [slotOf(0), slotOf(1)] });
    const slots = [0, 1].map((vfIndex) => ({ vfIndex, mac: macOf(vfIndex) }));
    await settleEndedJobs(tx, [applyJob("succeeded", slots)]);
    assert.deepEqual(calls, ["applied 4 gold"]);
  });

  it("gives back slots that a smaller profile no longer has", async () => {
    const { tx, calls } = fakeTransaction({ slots: [slotOf(0), slotOf(1), slotOf(2)] });
    await settleEndedJobs(tx, [applyJob("succeeded", [{ vfIndex: 0, mac: macOf(0) }])]);
    assert.deepEqual(calls, ["applied 4 gold", "slots from 1"]);
  });

  it("gives everything back after a teardown, but no slot that a VM holds", async () => {
    const bare = fakeTransaction({ slots: [slotOf(0), slotOf(1)] });
    await settleEndedJobs(bare.tx, [applyJob("succeeded", undefined)]);
    assert.deepEqual(bare.calls, ["applied 4 undefined", "slots from 0", "bridge addresses"]);
    const held = fakeTransaction({ slots: [slotOf(0), slotOf(1, vm)] });
    await settleEndedJobs(held.tx, [applyJob("succeeded", undefined)]);
    assert.deepEqual(held.calls, ["applied 4 undefined", "bridge addresses"]);
  });

  it("changes nothing for a host whose plan failed", async () => {
    const { tx, calls } = fakeTransaction({ slots: [slotOf(0)] });
    await settleEndedJobs(tx, [applyJob("failed", undefined)]);
    assert.deepEqual(calls, []);
  });
});
