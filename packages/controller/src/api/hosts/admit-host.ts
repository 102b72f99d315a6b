import { DispatchError, type HostId } from "@switchyard/model";
import { type BackoffPolicy, backoffMs } from "@switchyard/runtime";
import type { ApiParts } from "../parts.ts";

/** About 5 s in all: a broker that loads its users answers nothing for a moment. */
const ATTEMPTS_MAX = 8;
const BACKOFF: BackoffPolicy = { firstMs: 50, maxMs: 1_000, jitter: 0.5 };

/**
 * Lets an enrolled host in at the broker. May run twice.
 *
 * @throws DispatchError BUS_UNAVAILABLE; the agent may then enrol again with the same token and key
 */
export async function admitHost(
  parts: Pick<ApiParts, "busAccess" | "clock" | "random" | "log">,
  host: HostId,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await parts.busAccess.admit({ host });
    } catch (cause) {
      parts.log.warn({ err: cause, host, attempt }, "the broker did not let the host in");
      if (attempt < ATTEMPTS_MAX) {
        await parts.clock.sleep(backoffMs(BACKOFF, attempt, parts.random));
        continue;
      }
      const message = `host ${host} is enrolled, but the broker did not let it in`;
      throw new DispatchError("BUS_UNAVAILABLE", message, {}, { cause, retry: "safe" });
    }
  }
}
