import type { ControllerBus } from "@switchyard/bus";
import type { HostId, MovePhase } from "@switchyard/model";
import type { MoveRecord, Store } from "@switchyard/store";

/** In these a fenced host is left behind by the next step, and the VM runs on the other. */
const LEAVES_SOURCE: readonly MovePhase[] = ["receiving", "migrating"];
const LEAVES_TARGET: readonly MovePhase[] = ["starting", "reverting", ...LEAVES_SOURCE];

async function fencedHosts(
  { hosts }: Pick<Store["reads"], "hosts">,
  { cause, phase, sourceHost, targetHost }: MoveRecord,
): Promise<readonly HostId[]> {
  if (phase === "queued") return cause === "fenced" ? [sourceHost] : [];
  const left = [
    ...(LEAVES_SOURCE.includes(phase) ? [sourceHost] : []),
    ...(LEAVES_TARGET.includes(phase) && targetHost !== undefined ? [targetHost] : []),
  ];
  const found = await Promise.all(left.map((host) => hosts.find(host)));
  return found.flatMap((host) => (host?.fence === undefined ? [] : host.id));
}

/**
 * A fenced host's jobs have ended on record, so that none is sent again; what the broker still holds of them, such as
 * a start, would be done when the host is back, so it goes before a VM starts elsewhere. What is to be done there from
 * then on is queued after, and what is not accepted is sent again. May run twice.
 */
export async function purgeFenced(
  parts: {
    readonly bus: Pick<ControllerBus, "purgeHost">;
    readonly reads: Pick<Store["reads"], "hosts">;
  },
  move: MoveRecord,
): Promise<void> {
  for (const host of await fencedHosts(parts.reads, move)) await parts.bus.purgeHost(host);
}
