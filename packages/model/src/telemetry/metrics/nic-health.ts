import type { MetricEntries } from "./entry.ts";

/**
 * What the card and its driver say is wrong with ports, queues and functions.
 *
 * @see torvalds/linux Documentation/networking/devlink/mlx5.rst, "Health reporters"
 */
export const NIC_HEALTH_METRICS = {
  "nic.health.healthy": {
    kind: "gauge",
    unit: "state",
    object: "pf-reporter",
    help: "1 while devlink's health reporter sees nothing wrong.",
    prometheus: "nic_health_healthy",
  },
  "nic.health.errors": {
    kind: "counter",
    unit: "count",
    object: "pf-reporter",
    help: "Errors that devlink's health reporter has seen since the driver was loaded.",
    prometheus: "nic_health_errors_total",
  },
  "nic.health.recoveries": {
    kind: "counter",
    unit: "count",
    object: "pf-reporter",
    help: "Recoveries of devlink's health reporter since the driver was loaded.",
    prometheus: "nic_health_recoveries_total",
  },
  "nic.health.firmware_fault": {
    kind: "gauge",
    unit: "state",
    object: "pf",
    help: "1 while the card's firmware tells of a fault of its own (devlink health diagnose, reporter fw); swy doctor says which.",
    prometheus: "nic_health_firmware_fault",
  },
  "nic.health.failed_queues": {
    kind: "gauge",
    unit: "count",
    object: "pf-direction-fault",
    help: "Queues of the PF's netdev that are stopped by an error, stand full without moving from one look to the next, or lost their completion queue (devlink health diagnose, reporters tx and rx); 0 while all is well.",
    prometheus: "nic_health_failed_queues",
  },
  "nic.health.vnic_events": {
    kind: "counter",
    unit: "count",
    object: "pf-event",
    help: "What the card counted against the PF's queues, commands and steering, by event (devlink health diagnose, reporter vnic); 0 while all is well.",
    prometheus: "nic_health_vnic_events_total",
  },
  "nic.health.error_queues": {
    kind: "gauge",
    unit: "count",
    object: "pf",
    help: "Queues of the PF, of whatever use, that the card has in their error state (devlink health diagnose, reporter vnic); 0 while all is well.",
    prometheus: "nic_health_error_queues",
  },
  "nic.vf.vnic_events": {
    kind: "counter",
    unit: "count",
    object: "vf",
    help: "What the card counted against the VF's queues, commands and steering, all events together; a VM on the VF causes some by itself, such as discards of frames that nobody asked for.",
    prometheus: "nic_vport_vnic_events_total",
  },
  "nic.vf.error_queues": {
    kind: "gauge",
    unit: "count",
    object: "vf",
    help: "Queues of all VFs of the PF that the card has in their error state; swy doctor says of which VF.",
    prometheus: "nic_vport_error_queues",
  },
} as const satisfies MetricEntries;
