import { DispatchError, type HostId, type HostLoad } from "@switchyard/model";
import { type LoadOver, loadOver } from "@switchyard/planner";
import type { ExperimentParts } from "../parts.ts";

/** Between two readings: IPMI and RAPL are new about once a second. */
const READ_INTERVAL_MS = 1_000;

export interface LoadOfHost extends LoadOver {
  readonly host: HostId;
}

type Parts = Pick<ExperimentParts, "dispatch" | "clock">;

/** @throws DispatchError HOST_UNREACHABLE */
async function readLoad({ dispatch }: Parts, host: HostId): Promise<HostLoad> {
  const { load, message } = await dispatch.commands.load(host);
  if (load !== undefined) return load;
  throw new DispatchError("HOST_UNREACHABLE", `the agent of ${host} tells no load: ${message}`);
}

async function readHost(
  parts: Parts,
  host: HostId,
  { spanMs, signal }: { readonly spanMs: number; readonly signal: AbortSignal },
): Promise<LoadOfHost> {
  const { clock } = parts;
  const endMs = clock.monotonicMs() + spanMs;
  const loads = [await readLoad(parts, host)];
  while (clock.monotonicMs() < endMs) {
    await clock.sleep(Math.min(READ_INTERVAL_MS, endMs - clock.monotonicMs()), signal);
    signal.throwIfAborted();
    loads.push(await readLoad(parts, host));
  }
  const over = loadOver(loads);
  if (over !== undefined) return { host, ...over };
  throw new DispatchError("MEASUREMENT_FAILED", `${host} booted while its load was read`);
}

/**
 * What each host spends over a span from now on.
 *
 * @throws DispatchError HOST_UNREACHABLE, MEASUREMENT_FAILED
 */
export const readLoads = (
  parts: Parts,
  hosts: readonly HostId[],
  span: { readonly spanMs: number; readonly signal: AbortSignal },
): Promise<readonly LoadOfHost[]> => Promise.all(hosts.map((host) => readHost(parts, host, span)));
