import type { Host } from "../../port/host.ts";
import { entriesOf, numberOf, recordOf, textOf } from "../json.ts";
import { parseNetlinkAnswer } from "../netlink.ts";
import { commandError, readJson } from "../tool.ts";
import { vdpaVstatsShow } from "./commands.ts";

/** What one queue of a device has done, in descriptors: a packet may take several. */
export interface QueueStats {
  /** As the guest sees it. */
  readonly direction: "receive" | "transmit";
  readonly receivedDescriptors: number;
  readonly completedDescriptors: number;
}

const DIRECTIONS: Readonly<Record<string, QueueStats["direction"]>> = {
  rx: "receive",
  tx: "transmit",
};

/** Undefined for the control queue. @see iproute2/iproute2 vdpa/vdpa.c, pr_out_dev_stats */
export function parseQueueStats(answer: unknown, name: string): QueueStats | undefined {
  const stats = recordOf(entriesOf(answer, "vstats").find(([key]) => key === name)?.[1]);
  const direction = DIRECTIONS[textOf(stats["queue_type"]) ?? ""];
  if (direction === undefined) return undefined;
  return {
    direction,
    receivedDescriptors: numberOf(stats["received_desc"]) ?? 0,
    completedDescriptors: numberOf(stats["completed_desc"]) ?? 0,
  };
}

/**
 * Counters of a device's data queues 0 to `queueCount` − 1; undefined until the guest's driver is up, and where the
 * device or its driver has none. Each queue is a firmware command of milliseconds: no oftener than every 5 s.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 */
export async function findQueueStats(
  host: Host,
  name: string,
  queueCount: number,
): Promise<readonly QueueStats[] | undefined> {
  const queues: QueueStats[] = [];
  for (let queue = 0; queue < queueCount; queue += 1) {
    const argv = vdpaVstatsShow(name, queue);
    const result = await host.run({ argv });
    if (result.exitCode === 0) {
      const stats = parseQueueStats(readJson(argv, result), name);
      if (stats !== undefined) queues.push(stats);
    } else if (hasNone(result.stderr)) return undefined;
    else throw commandError(argv, result);
  }
  return queues;
}

/** `feature negotiation not complete` (EAGAIN), a driver without counters, a device that is gone. */
const hasNone = (stderr: string): boolean =>
  ["EAGAIN", "EOPNOTSUPP", "ENODEV"].includes(parseNetlinkAnswer(stderr).errno ?? "");
