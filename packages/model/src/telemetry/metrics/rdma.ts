import type { MetricEntries } from "./entry.ts";

/**
 * RDMA of the host's own functions; how much of it there is, `nic.pf.*_rdma_*` tell.
 *
 * @see torvalds/linux drivers/infiniband/hw/mlx5/counters.c
 */
export const RDMA_METRICS = {
  "nic.rdma.requests": {
    kind: "counter",
    unit: "count",
    object: "pf-operation",
    help: "RDMA requests that remote ends sent to the PF.",
    prometheus: "nic_rdma_requests_total",
  },
  "nic.rdma.errors": {
    kind: "counter",
    unit: "count",
    object: "pf-event",
    help: "Losses, repeats and refusals that the card counts of the PF's RDMA queues, by the driver's name for it.",
    prometheus: "nic_rdma_errors_total",
  },
  "nic.rdma.congestion_packets": {
    kind: "counter",
    unit: "packets",
    object: "pf-event",
    help: "Packets of RoCE's congestion control: marked ones that came (np_ecn_marked_roce_packets), notifications sent (np_cnp_sent), heeded (rp_cnp_handled) and ignored (rp_cnp_ignored).",
    prometheus: "nic_rdma_congestion_packets_total",
  },
} as const satisfies MetricEntries;
