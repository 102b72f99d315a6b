import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostId, type MoveCause, type MovePhase, parseHostId } from "@switchyard/model";
import type { HostRecord, MoveRecord, Store } from "@switchyard/store";
import { purgeFenced } from "./purge-fenced.ts";

const SOURCE = parseHostId("r740-01");
const TARGET = parseHostId("r740-02");

/** Hosts whose queues are emptied before the move's next step. */
async function purged(
  phase: MovePhase,
  fenced: readonly HostId[],
  cause: MoveCause = "move",
): Promise<readonly string[]> {
  const emptied: HostId[] = [];
  const find = (id: HostId) =>
    Promise.resolve({ id, fence: fenced.includes(id) ? {} : undefined } as HostRecord);
  await purgeFenced(
    {
      bus: { purgeHost: (host) => Promise.resolve(void emptied.push(host)) },
      reads: { hosts: { find } as Store["reads"]["hosts"] },
    },
    { cause, phase, sourceHost: SOURCE, targetHost: TARGET } as MoveRecord,
  );
  return emptied;
}

describe("what the broker holds of a fenced host", () => {
  it("goes before a VM goes on where it was, so that no start is done when the host is back", async () => {
    for (const phase of ["receiving", "migrating", "starting", "reverting"] as const) {
      assert.deepEqual(await purged(phase, [TARGET]), [TARGET], phase);
      assert.deepEqual(await purged(phase, []), [], phase);
    }
  });

  it("goes before a VM goes on where it went, or is started elsewhere", async () => {
    assert.deepEqual(await purged("migrating", [SOURCE]), [SOURCE]);
    assert.deepEqual(await purged("queued", [SOURCE], "fenced"), [SOURCE]);
  });

  it("stays where it is what clears the host", async () => {
    for (const phase of ["clearing", "returning", "sweeping"] as const) {
      assert.deepEqual(await purged(phase, [SOURCE, TARGET]), [], phase);
    }
    assert.deepEqual(await purged("queued", [SOURCE]), []);
  });
});
