import type { Host } from "../../port/host.ts";
import { arrayOf, numberOf, recordOf } from "../json.ts";
import { findDiagnosis } from "./diagnose.ts";

/** As the card has a queue: made and not in use, in use, or stopped by an error. */
export type QueueState = "reset" | "ready" | "error";

/** One queue of a port, as the driver and the card see it now. */
export interface PortQueue {
  /** Number of the queue in the card; it changes when the port is opened anew. */
  readonly number: number;
  readonly state: QueueState | undefined;
  /** Of a send queue: the kernel gives it no packets, because it is full or being mended. */
  readonly isStopped: boolean;
  /** Packets or buffers that the card is done with, and that it was given; both go round at 65536. */
  readonly consumerCounter: number | undefined;
  readonly producerCounter: number | undefined;
  /** Whether the card gave up its completion queue: it ran over, or could not be written. */
  readonly hasCompletionError: boolean;
}

/** @see torvalds/linux include/linux/mlx5/mlx5_ifc.h, MLX5_SQC_STATE_*, MLX5_RQC_STATE_* */
const STATES: ReadonlyMap<number, QueueState> = new Map([
  [0, "reset"],
  [1, "ready"],
  [3, "error"],
]);

/**
 * Status of a completion queue that works; 9 is an overrun, 10 a failed write.
 *
 * @see torvalds/linux include/linux/mlx5/mlx5_ifc.h, MLX5_CQC_STATUS_*
 */
const COMPLETION_OK = 0;

const REPORTERS = {
  transmit: { reporter: "tx", list: "SQs" },
  receive: { reporter: "rx", list: "RQs" },
} as const;
export type QueueDirection = keyof typeof REPORTERS;

function parseQueue(value: unknown, direction: QueueDirection): PortQueue {
  const queue = recordOf(value);
  const completion = numberOf(recordOf(queue["CQ"])["HW status"]);
  return {
    number: numberOf(queue[direction === "transmit" ? "sqn" : "rqn"]) ?? -1,
    state: STATES.get(numberOf(queue["HW state"]) ?? -1),
    isStopped: queue["stopped"] === true,
    consumerCounter: numberOf(queue["cc"]),
    producerCounter: numberOf(queue["pc"]),
    hasCompletionError: completion !== undefined && completion !== COMPLETION_OK,
  };
}

/**
 * Queues of a port's netdev; none while it is down, undefined where the driver has no such reporter. The driver asks
 * the card for each queue, and holds off changes of the port meanwhile: no oftener than every minute.
 *
 * @param handle of the port, `pci/0000:82:00.0/65535`
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en/reporter_tx.c, reporter_rx.c, health.c
 */
export async function findPortQueues(
  host: Host,
  handle: string,
  direction: QueueDirection,
): Promise<readonly PortQueue[] | undefined> {
  const { reporter, list } = REPORTERS[direction];
  const answer = await findDiagnosis(host, handle, reporter);
  if (answer === undefined) return undefined;
  return arrayOf(recordOf(answer)[list]).map((queue) => parseQueue(queue, direction));
}
