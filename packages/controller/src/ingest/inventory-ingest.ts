import type { ControllerBus, DecodedInventory, Delivery } from "@switchyard/bus";
import type { HostId } from "@switchyard/model";
import { type Logger, Semaphore, type Service } from "@switchyard/runtime";
import type { PresenceStore } from "@switchyard/store";
import type { HostCommands } from "../dispatch/host-commands.ts";
import type { HostKeys } from "./host-keys.ts";

export interface InventoryIngestParts {
  readonly bus: Pick<ControllerBus, "consumeInventories">;
  readonly store: Pick<PresenceStore, "recordInventory">;
  readonly keys: Pick<HostKeys, "check">;
  readonly commands: Pick<HostCommands, "inspect">;
  readonly log: Logger;
  /** Told of each inventory that was taken; what it throws is logged. */
  readonly onApplied: (host: HostId) => Promise<void>;
}

/** Inventories stored side by side; each is a few hundred KiB at most. */
const INVENTORIES_AT_ONCE = 4;
const DATABASE_DELAY_MS = 1_000;
/** Before a delta without its base is looked at again: the whole should have come, or is asked for once more. */
const WHOLE_DELAY_MS = 2_000;

/**
 * Takes inventories and deltas to the database; older ones and those of older enrolments are dropped there. Of a delta
 * whose base is not there the whole is asked for.
 */
export function startInventoryIngest(parts: InventoryIngestParts): Service {
  const { bus, log } = parts;
  const gate = new Semaphore(INVENTORIES_AT_ONCE);
  const running = new Set<Promise<void>>();
  const subscription = bus.consumeInventories((delivery) => {
    const work = gate
      .run(() => ingest(parts, delivery))
      .catch((error: unknown) => {
        log.warn({ error, host: delivery.content.host }, "inventory waits for the database");
        delivery.retry(DATABASE_DELAY_MS);
      })
      .finally(() => running.delete(work));
    running.add(work);
  });
  return {
    stop: async () => {
      await subscription.stop();
      await Promise.all(running);
    },
  };
}

async function ingest(
  { store, keys, commands, log, onApplied }: InventoryIngestParts,
  delivery: Delivery<DecodedInventory>,
): Promise<void> {
  const { host, hostEpoch, version, session } = delivery.content;
  const verdict = await keys.check(delivery.content);
  // Inflated only after its signature was checked.
  const content = verdict === "valid" ? delivery.content.inflate() : undefined;
  if (content === undefined) {
    delivery.reject();
    log.warn({ host, verdict: verdict === "valid" ? "unreadable" : verdict }, "inventory refused");
    return;
  }
  const outcome = await store.recordInventory({
    host,
    hostEpoch,
    session: session.id,
    sessionStartAtMs: session.startedAtMs,
    version,
    ...(content.kind === "whole" ? { inventory: content.inventory } : { delta: content.delta }),
  });
  if (outcome.kind === "needs-whole") {
    log.debug({ host }, "a delta has no base here: the whole inventory is asked for");
    // A host that does not answer is asked again with the delta, which stays until something newer is there.
    void commands.inspect(host).catch(() => undefined);
    delivery.retry(WHOLE_DELAY_MS);
    return;
  }
  delivery.ack();
  if (outcome.kind === "ignored") log.debug({ host, why: outcome.why }, "inventory ignored");
  else await onApplied(host);
}
