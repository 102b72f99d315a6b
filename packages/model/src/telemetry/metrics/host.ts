import type { MetricEntries } from "./entry.ts";

const CPU_METRICS = {
  "host.cpu_busy_seconds": {
    kind: "counter",
    unit: "seconds",
    object: "host",
    help: "CPU time not idle, all CPUs.",
    prometheus: "host_cpu_busy_seconds_total",
  },
  "host.cpu_seconds": {
    kind: "counter",
    unit: "seconds",
    object: "cpu-mode",
    help: "CPU time of all CPUs by mode: user, nice, system, idle, iowait, irq, softirq, steal.",
    prometheus: "host_cpu_seconds_total",
  },
  "host.cpu_count": {
    kind: "gauge",
    unit: "count",
    object: "host",
    help: "CPU threads.",
    prometheus: "host_cpus",
  },
  "host.boot_time": {
    kind: "gauge",
    unit: "seconds",
    object: "host",
    help: "When the host booted, seconds since 1970; counters of the host begin there.",
    prometheus: "host_boot_time_seconds",
  },
} as const satisfies MetricEntries;

const MEMORY_METRICS = {
  "host.memory_size": {
    kind: "gauge",
    unit: "bytes",
    object: "host",
    help: "Memory that the kernel has.",
    prometheus: "host_memory_size_bytes",
  },
  "host.memory_available": {
    kind: "gauge",
    unit: "bytes",
    object: "host",
    help: "Memory that programs can get without swapping.",
    prometheus: "host_memory_available_bytes",
  },
  "host.huge_pages": {
    kind: "gauge",
    unit: "count",
    object: "huge-pages",
    help: "Huge pages of a NUMA node.",
    prometheus: "host_huge_pages",
  },
  "host.huge_pages_free": {
    kind: "gauge",
    unit: "count",
    object: "huge-pages",
    help: "Huge pages of a NUMA node that nobody uses.",
    prometheus: "host_huge_pages_free",
  },
  "host.disk_size": {
    kind: "gauge",
    unit: "bytes",
    object: "mount",
    help: "Size of the file system.",
    prometheus: "host_disk_size_bytes",
  },
  "host.disk_available": {
    kind: "gauge",
    unit: "bytes",
    object: "mount",
    help: "Room left on the file system.",
    prometheus: "host_disk_available_bytes",
  },
} as const satisfies MetricEntries;

/** RAPL is of CPU packages only; IPMI and Redfish are of the whole host. They are never added up. */
const POWER_METRICS = {
  "host.power": {
    kind: "gauge",
    unit: "watts",
    object: "power-source",
    help: "Power by source: redfish and ipmi are of the whole host, rapl of its CPU packages only.",
    prometheus: "host_power_watts",
  },
  "cpu.package_energy": {
    kind: "counter",
    unit: "joules",
    object: "cpu-package",
    help: "Energy of a CPU package since the agent started (RAPL), memory not included.",
    prometheus: "cpu_package_energy_joules_total",
  },
  "cpu.dram_energy": {
    kind: "counter",
    unit: "joules",
    object: "cpu-package",
    help: "Energy of the memory at a CPU package since the agent started (RAPL).",
    prometheus: "cpu_dram_energy_joules_total",
  },
  "host.temperature": {
    kind: "gauge",
    unit: "celsius",
    object: "sensor",
    help: "Temperature of a sensor of the host: the CPU packages.",
    prometheus: "host_temperature_celsius",
  },
  "host.temperature_critical": {
    kind: "gauge",
    unit: "celsius",
    object: "sensor",
    help: "Temperature at which the part that the sensor is at protects itself.",
    prometheus: "host_temperature_critical_celsius",
  },
} as const satisfies MetricEntries;

const VM_METRICS = {
  "vm.running": {
    kind: "gauge",
    unit: "state",
    object: "vm",
    help: "1 while the VM's process runs.",
    prometheus: "vm_running",
  },
  "vm.cpu_seconds": {
    kind: "counter",
    unit: "seconds",
    object: "vm",
    help: "CPU time of the VM's process, user and system.",
    prometheus: "vm_cpu_seconds_total",
  },
  "vm.vcpu_seconds": {
    kind: "counter",
    unit: "seconds",
    object: "vm",
    help: "CPU time of the threads that run the VM's vCPUs.",
    prometheus: "vm_vcpu_seconds_total",
  },
  "vm.memory_resident": {
    kind: "gauge",
    unit: "bytes",
    object: "vm",
    help: "Resident memory of the VM's process; huge pages are not part of it.",
    prometheus: "vm_memory_resident_bytes",
  },
  "vm.rx_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "vm",
    help: "Received by all NICs of the VM since the agent saw them first; absent where a NIC has no counters.",
    prometheus: "vm_receive_bytes_total",
  },
  "vm.tx_bytes": {
    kind: "counter",
    unit: "bytes",
    object: "vm",
    help: "Sent by all NICs of the VM since the agent saw them first; absent where a NIC has no counters.",
    prometheus: "vm_transmit_bytes_total",
  },
  "vm.rx_packets": {
    kind: "counter",
    unit: "packets",
    object: "vm",
    help: "Received by all NICs of the VM since the agent saw them first; absent where a NIC has no counters.",
    prometheus: "vm_receive_packets_total",
  },
  "vm.tx_packets": {
    kind: "counter",
    unit: "packets",
    object: "vm",
    help: "Sent by all NICs of the VM since the agent saw them first; absent where a NIC has no counters.",
    prometheus: "vm_transmit_packets_total",
  },
  "vm.slow_path_packets": {
    kind: "counter",
    unit: "packets",
    object: "vm",
    help: "Packets from and to the VM that the host's CPU handled instead of the card; absent where a NIC has no representor.",
    prometheus: "vm_slowpath_packets_total",
  },
} as const satisfies MetricEntries;

export const HOST_METRICS = {
  ...CPU_METRICS,
  ...MEMORY_METRICS,
  ...POWER_METRICS,
  ...VM_METRICS,
};
