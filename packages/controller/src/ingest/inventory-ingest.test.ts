import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DecodedInventory, Delivery } from "@switchyard/bus";
import { deltaOf, inventoryDigest, parseHostId } from "@switchyard/model";
import { silentLogger } from "@switchyard/runtime";
import type { InventoryOutcome, InventoryUpdate } from "@switchyard/store";
import { buildBareR740, waitFor } from "@switchyard/testkit";
import { startInventoryIngest } from "./inventory-ingest.ts";

const host = parseHostId("host-a");
const inventory = buildBareR740();
const seen = { inventory, digest: inventoryDigest(inventory) };
const delta = deltaOf(seen, seen);

function setUp(outcome: InventoryOutcome) {
  const did: string[] = [];
  const recorded: InventoryUpdate[] = [];
  let deliver: (delivery: Delivery<DecodedInventory>) => void = () => undefined;
  startInventoryIngest({
    bus: {
      consumeInventories: (handler) => {
        deliver = handler;
        return { stop: async () => undefined };
      },
    },
    store: {
      recordInventory: async (update) => {
        recorded.push(update);
        return outcome;
      },
    },
    keys: { check: async () => "valid" },
    commands: {
      inspect: async (asked) => {
        did.push(`inspect ${asked}`);
        return { isDone: true, reason: undefined, message: "" };
      },
    },
    log: silentLogger,
    onApplied: async (of) => void did.push(`applied ${of}`),
  });
  const content: DecodedInventory = {
    ...{ host, hostEpoch: 1, version: 3, session: { id: "s", startedAtMs: 7 } },
    ...{ signedBytes: Buffer.alloc(0), signature: Buffer.alloc(0) },
    inflate: () => ({ kind: "delta", delta }),
  };
  deliver({
    ...{ content, deliveryCount: 1, pendingCount: 0, storedAtMs: 0 },
    ack: () => void did.push("ack"),
    retry: (delayMs) => void did.push(`retry ${delayMs}`),
    reject: () => void did.push("reject"),
  });
  return { did, recorded };
}

describe("startInventoryIngest", () => {
  it("leaves a delta without its base in the stream and asks for the whole", async () => {
    const { did, recorded } = setUp({ kind: "needs-whole" });
    await waitFor(() => did.length === 2);
    assert.deepEqual(did, [`inspect ${host}`, "retry 2000"]);
    assert.deepEqual(recorded[0]?.delta, delta);
    assert.equal(recorded[0]?.inventory, undefined);
  });

  it("tells of a look that saw nothing new: what was wanted may have changed", async () => {
    const { did } = setUp({ kind: "unchanged" });
    await waitFor(() => did.length === 2);
    assert.deepEqual(did, ["ack", `applied ${host}`]);
  });

  it("drops what is older than what is there, and tells nobody", async () => {
    const { did } = setUp({ kind: "ignored", why: "stale" });
    await waitFor(() => did.length === 1);
    assert.deepEqual(did, ["ack"]);
  });
});
