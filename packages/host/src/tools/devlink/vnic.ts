import type { Host } from "../../port/host.ts";
import { numberOf, recordOf } from "../json.ts";
import { findDiagnosis } from "./diagnose.ts";

/**
 * Counters whose rise means trouble. Left out is what only tells of use, such as `icm_consumption`.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/diag/reporter_vnic.c,
 *   Documentation/networking/devlink/mlx5.rst, "vnic reporter"
 */
const EVENTS = [
  "comp_eq_overrun",
  "async_eq_overrun",
  "cq_overrun",
  "invalid_command",
  "quota_exceeded_command",
  "nic_receive_steering_discard",
  "generated_pkt_steering_fail",
  "handled_pkt_steering_fail",
] as const;

/** What the card counts of one function; what it does not count is absent. */
export interface VnicCounters {
  /** By event; they only grow. */
  readonly events: ReadonlyMap<string, number>;
  /** Queues that stand in their error state now. */
  readonly errorQueueCount: number | undefined;
}

/** Counters stand in an object `vNIC env counters`, or bare. */
export function parseVnicCounters(answer: unknown): VnicCounters {
  const whole = recordOf(answer);
  const counters = { ...whole, ...recordOf(whole["vNIC env counters"]) };
  const events = EVENTS.flatMap((event) => {
    const value = numberOf(counters[event]);
    return value === undefined ? [] : [[event, value] as const];
  });
  return { events: new Map(events), errorQueueCount: numberOf(counters["total_error_queues"]) };
}

/**
 * What the card counted against a function; undefined where the driver has no such reporter (mlx5 before 6.4).
 *
 * @param handle of the function, `pci/0000:82:00.0`, or of a VF's port of the e-switch, `pci/0000:82:00.0/65537`:
 *   then it tells of the VF, whatever drives it
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 */
export async function findVnicCounters(
  host: Host,
  handle: string,
): Promise<VnicCounters | undefined> {
  const answer = await findDiagnosis(host, handle, "vnic");
  return answer === undefined ? undefined : parseVnicCounters(answer);
}
