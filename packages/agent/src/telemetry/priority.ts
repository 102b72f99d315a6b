import type { MetricName } from "@switchyard/model";

/** From this factor on, what is of low priority is not sent. */
export const LOW_PRIORITY_LEFT_OUT_FROM = 4;

/**
 * Metrics that help to look into a host, and that nobody decides by: rollout gates, experiments and alerts go by
 * traffic, offload, power, CPU, and whether VMs run.
 */
const LOW_PRIORITY: readonly string[] = [
  ...["nic.pcie.", "nic.health.", "nic.temperature", "host.temperature", "nic.link.speed"],
  ...["nic.vf.vnic_events", "nic.vf.error_queues", "nic.rdma."],
  ...["vdpa.", "ovs.interface.", "tc.", "host.disk", "host.huge_pages", "host.boot_time"],
  ...["agent.collect_", "agent.series", "agent.event_loop_lag", "agent.ledger_bytes"],
];

export const isLowPriority = (metric: MetricName): boolean =>
  LOW_PRIORITY.some((prefix) => metric.startsWith(prefix));
