import { AGENT_METRICS } from "./metrics/agent.ts";
import { DATAPATH_METRICS } from "./metrics/datapath.ts";
import type { MetricEntry } from "./metrics/entry.ts";
import { HOST_METRICS } from "./metrics/host.ts";
import { NIC_METRICS } from "./metrics/nic.ts";
import { NIC_HEALTH_METRICS } from "./metrics/nic-health.ts";
import { RDMA_METRICS } from "./metrics/rdma.ts";
import { labelsOfObject } from "./objects.ts";

/** Every metric agents send, by its name: what it is of, its kind, unit and meaning. */
export const METRICS = {
  ...NIC_METRICS,
  ...NIC_HEALTH_METRICS,
  ...RDMA_METRICS,
  ...DATAPATH_METRICS,
  ...HOST_METRICS,
  ...AGENT_METRICS,
} as const satisfies Record<string, MetricEntry>;

export type MetricName = keyof typeof METRICS;
export const isMetricName = (text: string): text is MetricName => Object.hasOwn(METRICS, text);

/** Of every metric's name for Prometheus. */
export const PROMETHEUS_PREFIX = "switchyard_";

/** `switchyard_nic_vport_receive_bytes_total` of `nic.vf.rx_bytes`. */
export const prometheusNameOf = (metric: MetricName): string =>
  `${PROMETHEUS_PREFIX}${METRICS[metric].prometheus}`;

/**
 * Labels of one series of a metric besides `host`, such as `{ pf: "0000:82:00.0", vf: "3" }`; empty where the host
 * or the agent itself is the object.
 */
export const labelsOf = (metric: MetricName, object: string): Readonly<Record<string, string>> =>
  labelsOfObject(METRICS[metric].object, object);
