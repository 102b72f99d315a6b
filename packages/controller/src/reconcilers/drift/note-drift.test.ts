import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Drift, type Inventory, type JobKind, parseHostId } from "@switchyard/model";
import type { Transaction } from "@switchyard/store";
import { buildBareLabHost } from "@switchyard/testkit";
import { buildHostDesired } from "@switchyard/testkit/builders";
import { noteDriftOfEnded } from "./note-drift.ts";

const HOST = parseHostId("lab0");
const LAST_EVENT_MS = 1_000;

function fakeTransaction(seen: { readonly observedAtMs: number; readonly isUnderWay?: boolean }) {
  const noted: (readonly Drift[])[] = [];
  const { observedAtMs, isUnderWay = false } = seen;
  const inventory: Inventory = { ...buildBareLabHost(), observedAtMs };
  const tx = {
    jobs: { readHostChange: async () => ({ isUnderWay, lastAtMs: LAST_EVENT_MS }) },
    hosts: {
      get: async () => ({ appliedDesired: buildHostDesired(), inventory }),
      setDrift: async (_: unknown, { drift }: { drift: readonly Drift[] }) => noted.push(drift),
    },
    vms: { list: async () => ({ items: [], next: undefined }) },
  } as unknown as Transaction;
  const end = (...kinds: readonly JobKind[]) =>
    noteDriftOfEnded(
      tx,
      kinds.map((kind) => ({ host: HOST, kind })),
    );
  return { noted, end };
}

describe("noteDriftOfEnded", () => {
  it("notes what an inventory shows that came before the event of the job's end", async () => {
    const { noted, end } = fakeTransaction({ observedAtMs: LAST_EVENT_MS });
    await end("apply-host");
    assert.equal(noted.length, 1);
    assert.ok((noted[0] ?? []).length > 0, "a bare host differs from a datapath");
  });

  it("waits for the next inventory where the one at hand is older than the job", async () => {
    const { noted, end } = fakeTransaction({ observedAtMs: LAST_EVENT_MS - 1 });
    await end("apply-host");
    assert.deepEqual(noted, []);
  });

  it("says nothing while another job is at work on the host", async () => {
    const { noted, end } = fakeTransaction({ observedAtMs: LAST_EVENT_MS, isUnderWay: true });
    await end("start-vm");
    assert.deepEqual(noted, []);
  });

  it("looks at a host once, and not at all after jobs that change nothing", async () => {
    const { noted, end } = fakeTransaction({ observedAtMs: LAST_EVENT_MS });
    await end("noop", "ping-vm");
    assert.equal(noted.length, 0);
    await end("start-vm", "apply-host");
    assert.equal(noted.length, 1);
  });
});
