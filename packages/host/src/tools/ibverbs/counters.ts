import type { PciAddress } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { listOptional, readOptional } from "../tool.ts";
import { findRdmaDevice } from "./ibverbs.ts";

/** Requests that remote ends sent. */
const REQUESTS = ["rx_write_requests", "rx_read_requests", "rx_atomic_requests"] as const;
/**
 * Losses and refusals. Left out are completions in error: those of queues that are closed count among them. Its
 * `out_of_buffer` is that of RDMA's own queues, apart from the netdev's.
 */
const ERRORS = [
  "out_of_buffer",
  "out_of_sequence",
  "duplicate_request",
  "rnr_nak_retry_err",
  "packet_seq_err",
  "implied_nak_seq_err",
  "local_ack_timeout_err",
  "req_remote_access_errors",
  "resp_remote_access_errors",
] as const;
/** Of RoCE's congestion control, packets. */
const CONGESTION = [
  "np_ecn_marked_roce_packets",
  "np_cnp_sent",
  "rp_cnp_handled",
  "rp_cnp_ignored",
] as const;

/** What the card counts of RDMA on a function, by the driver's names; what it does not count is absent. */
export interface RdmaCounters {
  readonly requests: ReadonlyMap<string, number>;
  readonly errors: ReadonlyMap<string, number>;
  readonly congestion: ReadonlyMap<string, number>;
}

/**
 * Counters of a PF's RDMA device; undefined where it has none, as a port that is bonded in the card behind the other.
 *
 * Read from sysfs and not from rdma-statistic(8), which prints the same kernel structure: in switchdev mode mlx5 keeps
 * the function's counters with the device, and netlink tells of those of ports only. There the port's own, where
 * newer firmware has them, are of other functions and zero for the uplink.
 *
 * @see torvalds/linux drivers/infiniband/hw/mlx5/counters.c (hw_switchdev_stats_ops, mlx5_ib_query_q_counters_vport),
 *   drivers/infiniband/core/nldev.c (stat_get_doit_default_counter), sysfs.c (setup_hw_device_stats)
 */
export async function findRdmaCounters(
  host: Host,
  pf: PciAddress,
): Promise<RdmaCounters | undefined> {
  const device = await findRdmaDevice(host, pf);
  if (device === undefined) return undefined;
  const ofDevice = `${device}/hw_counters`;
  const isOfDevice = (await listOptional(host, ofDevice)).length > 0;
  const folder = isOfDevice ? ofDevice : `${device}/ports/1/hw_counters`;
  const read = async (names: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    const found = new Map<string, number>();
    for (const name of names) {
      const text = await readOptional(host, `${folder}/${name}`);
      if (text !== undefined && /^\d+$/.test(text)) found.set(name, Number(text));
    }
    return found;
  };
  return {
    requests: await read(REQUESTS),
    errors: await read(ERRORS),
    congestion: await read(CONGESTION),
  };
}
