import type { Host } from "../../port/host.ts";
import { numberOf, recordOf } from "../json.ts";
import { parseNetlinkAnswer } from "../netlink.ts";
import { commandError, readJson } from "../tool.ts";
import { devlinkHealthDiagnose } from "./commands.ts";

/**
 * Counters whose rise means trouble. Left out is what only tells of use, such as `icm_consumption`.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/diag/reporter_vnic.c
 */
const EVENTS = [
  "total_error_queues",
  "comp_eq_overrun",
  "async_eq_overrun",
  "cq_overrun",
  "invalid_command",
  "quota_exceeded_command",
  "nic_receive_steering_discard",
  "generated_pkt_steering_fail",
  "handled_pkt_steering_fail",
] as const;

/** By event; those that the card does not count are absent. */
export type VnicEvents = ReadonlyMap<string, number>;

/** Counters stand in an object `vNIC env counters`, or bare. */
export function parseVnicEvents(answer: unknown): VnicEvents {
  const whole = recordOf(answer);
  const counters = { ...whole, ...recordOf(whole["vNIC env counters"]) };
  return new Map(
    EVENTS.flatMap((event) => {
      const value = numberOf(counters[event]);
      return value === undefined ? [] : [[event, value] as const];
    }),
  );
}

/**
 * What the card counted against a function; undefined where the driver has no such reporter (mlx5 before 6.4).
 * One firmware command: no oftener than every 10 s.
 *
 * @param handle `pci/0000:82:00.0`
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 */
export async function findVnicEvents(host: Host, handle: string): Promise<VnicEvents | undefined> {
  const argv = devlinkHealthDiagnose(handle, "vnic");
  const result = await host.run({ argv });
  if (result.exitCode === 0) return parseVnicEvents(readJson(argv, result));
  const { errno = "" } = parseNetlinkAnswer(result.stderr);
  if (["EINVAL", "ENODEV", "EOPNOTSUPP"].includes(errno)) return undefined;
  throw commandError(argv, result);
}
