import type { MetricEntries } from "./entry.ts";

/** What passes the embedded switch in hardware, and what the host's CPU had to handle. */
const VPORT_METRICS = {
  "nic.vf.rx_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "vf",
    help: "Received by the VF, whoever forwarded it (representor's vport_tx, in legacy mode the PF's count); older kernels leave out multicast.",
    prometheus: "nic_vport_receive_bytes_total",
  },
  "nic.vf.tx_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "vf",
    help: "Sent by the VF, whoever forwards it (representor's vport_rx, in legacy mode the PF's count); older kernels leave out multicast.",
    prometheus: "nic_vport_transmit_bytes_total",
  },
  "nic.vf.rx_packets": {
    kind: "counter",
    unit: "packets",
    object: "vf",
    help: "Received by the VF, whoever forwarded it (representor's vport_tx, in legacy mode the PF's count).",
    prometheus: "nic_vport_receive_packets_total",
  },
  "nic.vf.tx_packets": {
    kind: "counter",
    unit: "packets",
    object: "vf",
    help: "Sent by the VF, whoever forwards it (representor's vport_rx, in legacy mode the PF's count).",
    prometheus: "nic_vport_transmit_packets_total",
  },
  "nic.representor.rx_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "vf",
    help: "Sent by the VF and handled by the host's CPU (direction as the representor sees it).",
    prometheus: "nic_representor_slowpath_receive_bytes_total",
  },
  "nic.representor.tx_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "vf",
    help: "Sent to the VF by the host's CPU.",
    prometheus: "nic_representor_slowpath_transmit_bytes_total",
  },
  "nic.representor.rx_packets": {
    kind: "counter",
    unit: "packets",
    object: "vf",
    help: "Sent by the VF and handled by the host's CPU.",
    prometheus: "nic_representor_slowpath_receive_packets_total",
  },
  "nic.representor.tx_packets": {
    kind: "counter",
    unit: "packets",
    object: "vf",
    help: "Sent to the VF by the host's CPU.",
    prometheus: "nic_representor_slowpath_transmit_packets_total",
  },
} as const satisfies MetricEntries;

/** @see iproute2/iproute2 man/man8/vdpa-dev.8, `vdpa dev vstats show` */
const VDPA_METRICS = {
  "vdpa.received_descriptors": {
    kind: "counter",
    unit: "count",
    object: "vdpa-direction",
    help: "Descriptors that the device took from its queues, all queues of the direction; only while the guest's driver is up.",
    prometheus: "vdpa_received_descriptors_total",
  },
  "vdpa.completed_descriptors": {
    kind: "counter",
    unit: "count",
    object: "vdpa-direction",
    help: "Descriptors that the device completed, all queues of the direction; only while the guest's driver is up.",
    prometheus: "vdpa_completed_descriptors_total",
  },
} as const satisfies MetricEntries;

const OVS_METRICS = {
  "ovs.interface.bytes": {
    kind: "counter",
    unit: "bytes",
    object: "ovs-interface-direction",
    help: "Bytes of an interface of a bridge, as Open vSwitch counts them.",
    prometheus: "ovs_interface_bytes_total",
  },
  "ovs.interface.packets": {
    kind: "counter",
    unit: "packets",
    object: "ovs-interface-direction",
    help: "Packets of an interface of a bridge, as Open vSwitch counts them.",
    prometheus: "ovs_interface_packets_total",
  },
  "ovs.interface.drops": {
    kind: "counter",
    unit: "packets",
    object: "ovs-interface-direction",
    help: "Packets that an interface of a bridge dropped.",
    prometheus: "ovs_interface_dropped_packets_total",
  },
  "ovs.interface.up": {
    kind: "gauge",
    unit: "state",
    object: "ovs-interface",
    help: "1 while the interface has a port number, no error and a link.",
    prometheus: "ovs_interface_up",
  },
  "ovs.flows": {
    kind: "gauge",
    unit: "count",
    object: "ovs-flows",
    help: "Flows in the datapath, by whether the card carries them.",
    prometheus: "ovs_flows",
  },
  "ovs.flow_packets": {
    kind: "counter",
    unit: "packets",
    object: "ovs-flows",
    help: "Packets of datapath flows since the agent started, by whether the card carries them.",
    prometheus: "ovs_flow_packets_total",
  },
  "ovs.flow_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "ovs-flows",
    help: "Bytes of datapath flows since the agent started, without Ethernet headers where the card carries them.",
    prometheus: "ovs_flow_bytes_total",
  },
  "tc.filters": {
    kind: "gauge",
    unit: "count",
    object: "pf-in-hardware",
    help: "tc filters of the PF's ports, by whether the card has them.",
    prometheus: "tc_filters",
  },
  "tc.packets": {
    kind: "counter",
    unit: "packets",
    object: "pf-in-hardware",
    help: "Packets that tc filters of the PF's ports handled since the agent started, by whether the card did it.",
    prometheus: "tc_packets_total",
  },
  "offload.set": {
    kind: "gauge",
    unit: "state",
    object: "host",
    help: "1 while Open vSwitch is told to put flows into the card (other_config:hw-offload).",
    prometheus: "offload_set",
  },
  "offload.proven": {
    kind: "gauge",
    unit: "state",
    object: "host",
    help: "1 once a flow was seen in the card since the switch was last set up; absent where it is not set.",
    prometheus: "offload_proven",
  },
  "offload.hardware_share": {
    kind: "gauge",
    unit: "ratio",
    object: "host",
    help: "Share of packets between ports of the card that the card carried since the last reading; absent where none passed.",
    prometheus: "offload_hardware_ratio",
  },
} as const satisfies MetricEntries;

export const DATAPATH_METRICS = { ...VPORT_METRICS, ...VDPA_METRICS, ...OVS_METRICS };
