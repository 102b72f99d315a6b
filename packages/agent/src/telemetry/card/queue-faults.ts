import type { PortQueue, QueueDirection } from "@switchyard/host";
import type { QueueFault } from "@switchyard/model";

/** What can be told of queues; of receive queues it is not known what they were given. */
export const FAULTS_OF: Readonly<Record<QueueDirection, readonly QueueFault[]>> = {
  transmit: ["error", "completion", "stuck"],
  receive: ["error", "completion"],
};

/** Stopped, with packets that the card does not take off it. A full queue under load moves on. */
const standsStill = (queue: PortQueue, before: PortQueue): boolean =>
  queue.isStopped &&
  before.isStopped &&
  queue.consumerCounter !== undefined &&
  queue.consumerCounter === before.consumerCounter &&
  queue.consumerCounter !== queue.producerCounter;

/** Whether a second look at it would tell whether it is stuck. */
export const mayBeStuck = (queue: PortQueue): boolean => standsStill(queue, queue);

/**
 * What is wrong with a queue; undefined while nothing is.
 *
 * @param before the same queue at an earlier look, at least some hundred milliseconds ago
 */
export function faultOf(queue: PortQueue, before: PortQueue | undefined): QueueFault | undefined {
  if (queue.state === "error") return "error";
  if (queue.hasCompletionError) return "completion";
  return before !== undefined && standsStill(queue, before) ? "stuck" : undefined;
}

/** How many of the queues have each fault; faults that none has are left out. */
export function countFaults(
  queues: readonly PortQueue[],
  before: readonly PortQueue[] | undefined,
): ReadonlyMap<QueueFault, number> {
  const earlier = new Map((before ?? []).map((queue) => [queue.number, queue]));
  const counts = new Map<QueueFault, number>();
  for (const queue of queues) {
    const fault = faultOf(queue, earlier.get(queue.number));
    if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  }
  return counts;
}
