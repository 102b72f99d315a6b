/** SI units; stored as they are, converted when shown. */
export type MetricUnit = "bytes" | "packets" | "seconds" | "ratio" | "state" | "count";

export type MetricKind = "counter" | "gauge";

/** Every metric agents send, with its kind, unit and meaning. */
export const METRICS = {
  "nic.uplink.rx_bytes": { kind: "counter", unit: "bytes", help: "Received by the uplink netdev." },
  "nic.uplink.tx_bytes": { kind: "counter", unit: "bytes", help: "Sent by the uplink netdev." },
  "nic.uplink.rx_packets": {
    kind: "counter",
    unit: "packets",
    help: "Received by the uplink netdev.",
  },
  "nic.uplink.tx_packets": { kind: "counter", unit: "packets", help: "Sent by the uplink netdev." },
  "nic.representor.rx_bytes": {
    kind: "counter",
    unit: "bytes",
    help: "Sent by the VF and handled by the host CPU (direction as the representor sees it).",
  },
  "nic.representor.tx_bytes": {
    kind: "counter",
    unit: "bytes",
    help: "Sent to the VF by the host CPU.",
  },
  "nic.representor.rx_packets": {
    kind: "counter",
    unit: "packets",
    help: "Sent by the VF and handled by the host CPU.",
  },
  "nic.representor.tx_packets": {
    kind: "counter",
    unit: "packets",
    help: "Sent to the VF by the host CPU.",
  },
  "nic.vf.rx_bytes": {
    kind: "counter",
    unit: "bytes",
    help: "Received by the VF in hardware (representor's vport_tx).",
  },
  "nic.vf.tx_bytes": {
    kind: "counter",
    unit: "bytes",
    help: "Sent by the VF in hardware (representor's vport_rx).",
  },
  "nic.vf.rx_packets": {
    kind: "counter",
    unit: "packets",
    help: "Received by the VF in hardware.",
  },
  "nic.vf.tx_packets": { kind: "counter", unit: "packets", help: "Sent by the VF in hardware." },
  "vm.running": { kind: "gauge", unit: "state", help: "1 while the VM's process runs." },
  "vm.cpu_seconds": {
    kind: "counter",
    unit: "seconds",
    help: "CPU time of the VM's process, user and system.",
  },
  "host.cpu_busy_seconds": {
    kind: "counter",
    unit: "seconds",
    help: "CPU time not idle, all CPUs.",
  },
  "host.cpu_count": { kind: "gauge", unit: "count", help: "CPU threads." },
  "agent.rss_bytes": { kind: "gauge", unit: "bytes", help: "Resident memory of the agent." },
} as const satisfies Record<string, { kind: MetricKind; unit: MetricUnit; help: string }>;

export type MetricName = keyof typeof METRICS;
export const isMetricName = (text: string): text is MetricName => Object.hasOwn(METRICS, text);

/** One reading. `object` names what it is of: a netdev, `0000:82:00.0/vf0`, a VM; empty for the host. */
export interface Sample {
  readonly metric: MetricName;
  readonly object: string;
  readonly atMs: number;
  readonly value: number;
}
